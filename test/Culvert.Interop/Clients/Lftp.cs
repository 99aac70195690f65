using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Clients;

/// <summary>lftp: PASV, EPSV and PORT over IPv4, EPSV over IPv6.</summary>
internal sealed class Lftp : FtpClient
{
    public override string Name => "lftp";

    public override IReadOnlyList<TransferMode> Modes => [TransferMode.Pasv, TransferMode.Epsv, TransferMode.Port];

    /// <summary>Not EPRT: lftp 4.9 names the unspecified address in it, which no careful server accepts.</summary>
    public override IReadOnlyList<TransferMode> ModesOverIPv6 => [TransferMode.Epsv];

    public override Task<CommandResult> DownloadAsync(
        FtpTarget target, TransferMode mode, string name, string localPath, CancellationToken cancellation) =>
        RunAsync(target, mode, $"get {Quoted(name)} -o {Quoted(localPath)}", cancellation);

    public override Task<CommandResult> UploadAsync(
        FtpTarget target, TransferMode mode, string localPath, string name, CancellationToken cancellation) =>
        RunAsync(target, mode, $"put {Quoted(localPath)} -o {Quoted(name)}", cancellation);

    /// <summary>Runs lftp commands in the server's public folder.</summary>
    public static Task<CommandResult> RunAsync(
        FtpTarget target, TransferMode mode, string commands, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var passive = mode is TransferMode.Pasv or TransferMode.Epsv;
        var script = $"""
            debug 9
            set cmd:fail-exit true
            set net:max-retries 1
            set net:reconnect-interval-base 1
            set net:timeout 20
            set ftp:auto-passive-mode false
            set ftp:passive-mode {(passive ? "true" : "false")}
            set ftp:prefer-epsv {(mode is TransferMode.Epsv or TransferMode.Eprt ? "true" : "false")}
            set ftp:fix-pasv-address {(target.ObeysPassiveAddress ? "false" : "true")}
            set xfer:clobber true
            set ssl:verify-certificate false
            set ftp:ssl-force {(target.InsistsOnTls ? "true" : "false")}
            set ftp:ssl-protect-data {(target.InsistsOnTls ? "true" : "false")}
            open -u {Quoted(target.User)},{Quoted(target.Password)} -p {target.Port} {target.Scheme}://{target.UrlHost}
            cd {FtpServer.PublicName}
            {commands}
            bye
            """;
        return target.From.RunAsync(
            new CommandLine(Peers.Require("lftp"), "--norc", "-f", "/dev/stdin"), cancellation, script + "\n", patience);
    }

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
