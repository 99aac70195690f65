using Culvert.Interop.Processes;

namespace Culvert.Interop.Clients;

/// <summary>curl: all four modes, each without falling back to its older sister.</summary>
internal sealed class Curl : FtpClient
{
    public override string Name => "curl";

    public override IReadOnlyList<TransferMode> Modes =>
        [TransferMode.Pasv, TransferMode.Epsv, TransferMode.Port, TransferMode.Eprt];

    /// <summary>The arguments that choose login and mode, for tests that add their own.</summary>
    public static List<string> Arguments(FtpTarget target, TransferMode mode)
    {
        List<string> arguments =
        [
            "--disable", "--verbose", "--silent", "--show-error", "--globoff", "--connect-timeout", "20",
            "--user", $"{target.User}:{target.Password}",
            target.ObeysPassiveAddress ? "--no-ftp-skip-pasv-ip" : "--ftp-skip-pasv-ip",
        ];
        if (target.InsistsOnTls)
        {
            arguments.AddRange(["--ssl-reqd", "--insecure"]);
        }

        arguments.AddRange(mode switch
        {
            TransferMode.Pasv => ["--ftp-pasv", "--disable-epsv"],
            TransferMode.Epsv => ["--ftp-pasv"],
            TransferMode.Port => ["--ftp-port", target.ActiveAddress ?? "-", "--disable-eprt"],
            _ => new[] { "--ftp-port", target.ActiveAddress ?? "-" },
        });
        return arguments;
    }

    /// <summary>The URL of a path below the login folder; the path is escaped already.</summary>
    public static string Url(FtpTarget target, string path) => $"{target.Scheme}://{target.UrlHost}:{target.Port}/{path}";

    public override Task<CommandResult> DownloadAsync(
        FtpTarget target, TransferMode mode, string name, string localPath, CancellationToken cancellation) =>
        RunAsync(target, [.. Arguments(target, mode), "--output", localPath, UrlOf(target, name)], cancellation);

    public override Task<CommandResult> UploadAsync(
        FtpTarget target, TransferMode mode, string localPath, string name, CancellationToken cancellation) =>
        RunAsync(target, [.. Arguments(target, mode), "--upload-file", localPath, UrlOf(target, name)], cancellation);

    private static string UrlOf(FtpTarget target, string name) => Url(target, Remote(Uri.EscapeDataString(name)));

    private static Task<CommandResult> RunAsync(FtpTarget target, IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        target.From.RunAsync(new CommandLine(Peers.Require("curl"), arguments), cancellation);
}
