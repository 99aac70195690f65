using System.Globalization;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Clients;

/// <summary>ncftpget and ncftpput: PASV and PORT, IPv4 only.</summary>
internal sealed class Ncftp : FtpClient
{
    public override string Name => "ncftp";

    public override IReadOnlyList<TransferMode> Modes => [TransferMode.Pasv, TransferMode.Port];

    public override IReadOnlyList<TransferMode> ModesOverIPv6 => [];

    public override Task<CommandResult> DownloadAsync(
        FtpTarget target, TransferMode mode, string name, string localPath, CancellationToken cancellation) =>
        RunAsync("ncftpget", target, mode, ["-c", target.Address, Remote(name)], localPath, cancellation);

    public override Task<CommandResult> UploadAsync(
        FtpTarget target, TransferMode mode, string localPath, string name, CancellationToken cancellation) =>
        RunAsync("ncftpput", target, mode, ["-C", target.Address, localPath, Remote(name)], null, cancellation);

    // ncftpget keeps the remote name, so it writes to its standard output (-c), which the shell puts where it belongs.
    private static Task<CommandResult> RunAsync(
        string program, FtpTarget target, TransferMode mode, string[] what, string? output, CancellationToken cancellation)
    {
        string[] arguments =
        [
            Peers.Require(program), "-d", "/dev/stderr", "-V", "-t", "20", "-r", "1", mode is TransferMode.Pasv ? "-F" : "-E",
            "-P", target.Port.ToString(CultureInfo.InvariantCulture), "-u", target.User, "-p", target.Password, .. what,
        ];
        return target.From.RunAsync(
            new CommandLine("/bin/sh", ["-c", "out=$1; shift; exec \"$@\" >\"$out\"", "sh", output ?? "/dev/null", .. arguments]), cancellation);
    }
}
