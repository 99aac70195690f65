using Culvert.Interop.Processes;

namespace Culvert.Interop.Clients;

/// <summary>wget: downloads only; PASV and PORT over IPv4, EPSV and EPRT over IPv6.</summary>
internal sealed class Wget : FtpClient
{
    public override string Name => "wget";

    public override IReadOnlyList<TransferMode> Modes => [TransferMode.Pasv, TransferMode.Port];

    public override bool CanUpload => false;

    public override Task<CommandResult> DownloadAsync(
        FtpTarget target, TransferMode mode, string name, string localPath, CancellationToken cancellation) =>
        target.From.RunAsync(
            new CommandLine(
                Peers.Require("wget"),
                [
                    "--no-config", "--debug", "--tries=1", "--timeout=20", "--user", target.User, "--password", target.Password,
                    "--output-document", localPath,
                    .. mode is TransferMode.Port or TransferMode.Eprt ? new[] { "--no-passive-ftp" } : [],
                    $"ftp://{target.UrlHost}:{target.Port}/{Remote(Uri.EscapeDataString(name))}",
                ]),
            cancellation);

    public override Task<CommandResult> UploadAsync(
        FtpTarget target, TransferMode mode, string localPath, string name, CancellationToken cancellation) =>
        throw new NotSupportedException("wget can't store files");
}
