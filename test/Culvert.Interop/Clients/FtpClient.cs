using System.Text.RegularExpressions;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Clients;

/// <summary>
/// A real FTP client, run as a program of its own and told to say what it sends, so that a test can see that it
/// went the way it was asked to. Files are named below <see cref="FtpServer.PublicName"/>.
/// </summary>
internal abstract partial class FtpClient
{
    /// <summary>Every client of the matrix.</summary>
    public static readonly FtpClient[] All =
        [new Curl(), new Lftp(), new Tnftp(), new InetutilsFtp(), new Ncftp(), new Wget(), new PythonFtplib()];

    public abstract string Name { get; }

    /// <summary>The modes that the client has over IPv4.</summary>
    public abstract IReadOnlyList<TransferMode> Modes { get; }

    /// <summary>The modes that the client has over IPv6; RFC 2428 leaves EPSV and EPRT.</summary>
    public virtual IReadOnlyList<TransferMode> ModesOverIPv6 => [TransferMode.Epsv, TransferMode.Eprt];

    public virtual bool CanUpload => true;

    public static FtpClient Named(string name) => All.Single(client => client.Name == name);

    /// <summary>Fetches one file into a local path.</summary>
    public abstract Task<CommandResult> DownloadAsync(
        FtpTarget target, TransferMode mode, string name, string localPath, CancellationToken cancellation);

    /// <summary>Stores one local file under a name.</summary>
    public abstract Task<CommandResult> UploadAsync(
        FtpTarget target, TransferMode mode, string localPath, string name, CancellationToken cancellation);

    /// <summary>Whether the client's own account of the session shows the data connection of that mode.</summary>
    public static bool Used(TransferMode mode, CommandResult result) => (mode switch
    {
        TransferMode.Pasv => SaidPasv(),
        TransferMode.Epsv => SaidEpsv(),
        TransferMode.Port => SaidPort(),
        _ => SaidEprt(),
    }).IsMatch(result.Output);

    protected static string Remote(string name) => $"{FtpServer.PublicName}/{name}";

    [GeneratedRegex(@"\bPASV\b(?s:.*)\b227\b|\b227[ :]+Entering")]
    private static partial Regex SaidPasv();

    [GeneratedRegex(@"\bEPSV\b")]
    private static partial Regex SaidEpsv();

    [GeneratedRegex(@"\bPORT \d+,\d+,\d+,\d+,\d+,\d+")]
    private static partial Regex SaidPort();

    [GeneratedRegex(@"\bEPRT \|")]
    private static partial Regex SaidEprt();
}
