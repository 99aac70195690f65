using System.Globalization;
using System.Text.RegularExpressions;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Clients;

/// <summary>
/// A client of the old school, driven by typed commands. Its exit status says nothing about a transfer, so that is read
/// from the last reply it saw.
/// </summary>
internal abstract partial class TypedClient : FtpClient
{
    public override IReadOnlyList<TransferMode> Modes =>
        [TransferMode.Pasv, TransferMode.Epsv, TransferMode.Port, TransferMode.Eprt];

    /// <summary>The program in Debian's file system; two packages provide <c>ftp</c>, each also under its own name.</summary>
    protected abstract string Program { get; }

    protected abstract IReadOnlyList<string> Options(TransferMode mode);

    /// <summary>The commands that bring the client into that mode.</summary>
    protected abstract IReadOnlyList<string> Prepare(TransferMode mode, bool ipv6);

    public override Task<CommandResult> DownloadAsync(
        FtpTarget target, TransferMode mode, string name, string localPath, CancellationToken cancellation) =>
        RunAsync(target, mode, $"get \"{name}\" \"{localPath}\"", cancellation);

    public override Task<CommandResult> UploadAsync(
        FtpTarget target, TransferMode mode, string localPath, string name, CancellationToken cancellation) =>
        RunAsync(target, mode, $"put \"{localPath}\" \"{name}\"", cancellation);

    private async Task<CommandResult> RunAsync(FtpTarget target, TransferMode mode, string transfer, CancellationToken cancellation)
    {
        string[] typed =
        [
            $"user {target.User} \"{target.Password}\"", "binary", $"cd {FtpServer.PublicName}",
            .. Prepare(mode, target.IsIPv6), transfer, "bye",
        ];
        var command = new CommandLine(
            Peers.Require(Program), ["-n", "-i", "-v", "-d", .. Options(mode), target.Address, target.Port.ToString(CultureInfo.InvariantCulture)]);
        var result = await target.From.RunAsync(command, cancellation, string.Join('\n', typed) + "\n");
        return Transferred().IsMatch(result.Output) ? result : result with { ExitCode = result.ExitCode == 0 ? 1 : result.ExitCode };
    }

    [GeneratedRegex(@"^(226|250)[ -]", RegexOptions.Multiline)]
    private static partial Regex Transferred();
}

/// <summary>tnftp: the client of NetBSD and macOS. It begins with EPSV and EPRT.</summary>
internal sealed class Tnftp : TypedClient
{
    public override string Name => "tnftp";

    protected override string Program => "tnftp";

    protected override IReadOnlyList<string> Options(TransferMode mode) =>
        mode is TransferMode.Pasv or TransferMode.Epsv ? ["-p"] : ["-A"];

    protected override IReadOnlyList<string> Prepare(TransferMode mode, bool ipv6) =>
        mode is TransferMode.Pasv or TransferMode.Port ? ["epsv4"] : [];
}

/// <summary>GNU inetutils' ftp. It begins with PASV and PORT.</summary>
internal sealed class InetutilsFtp : TypedClient
{
    public override string Name => "inetutils-ftp";

    protected override string Program => "inetutils-ftp";

    protected override IReadOnlyList<string> Options(TransferMode mode) =>
        mode is TransferMode.Pasv or TransferMode.Epsv ? ["-p"] : ["-A"];

    protected override IReadOnlyList<string> Prepare(TransferMode mode, bool ipv6) =>
        mode is TransferMode.Epsv or TransferMode.Eprt && !ipv6 ? ["epsv4"] : [];
}
