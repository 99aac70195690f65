using System.Globalization;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Clients;

/// <summary>Python's ftplib: PASV and PORT over IPv4, EPSV and EPRT over IPv6.</summary>
internal sealed class PythonFtplib : FtpClient
{
    public override string Name => "ftplib";

    public override IReadOnlyList<TransferMode> Modes => [TransferMode.Pasv, TransferMode.Port];

    public override Task<CommandResult> DownloadAsync(
        FtpTarget target, TransferMode mode, string name, string localPath, CancellationToken cancellation) =>
        RunAsync(target, mode, cancellation, "get", Remote(name), localPath);

    public override Task<CommandResult> UploadAsync(
        FtpTarget target, TransferMode mode, string localPath, string name, CancellationToken cancellation) =>
        RunAsync(target, mode, cancellation, "put", Remote(name), localPath);

    /// <summary>Runs one verb of <c>ftplib_client.py</c>.</summary>
    public static Task<CommandResult> RunAsync(
        FtpTarget target, TransferMode mode, CancellationToken cancellation, params IReadOnlyList<string> verb) =>
        target.From.RunAsync(
            new CommandLine(
                Peers.Require("python3"),
                [
                    Path.Combine(AppContext.BaseDirectory, "Clients", "ftplib_client.py"),
                    target.Address, target.Port.ToString(CultureInfo.InvariantCulture), target.User, target.Password,
                    mode is TransferMode.Pasv or TransferMode.Epsv ? "passive" : "active", target.InsistsOnTls ? "tls" : "plain", .. verb,
                ]),
            cancellation,
            patience: TimeSpan.FromMinutes(5));
}
