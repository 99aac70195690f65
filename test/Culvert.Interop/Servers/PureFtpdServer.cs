using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>Pure-FTPd with one virtual user from a database of its own. Debian's build only starts as root.</summary>
internal sealed class PureFtpdServer(FtpServerOptions options) : FtpServer(options)
{
    public override string User => Account.User;

    public override string Password => Account.Password;

    protected override async Task<CommandLine> PrepareAsync(CancellationToken cancellation)
    {
        var program = Peers.Require("pure-ftpd");
        var manager = Peers.Require("pure-pw");
        Peers.RequireRoot("pure-ftpd changes its user and its root folder for each session");
        var libraries = new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = Peers.LibraryPath };
        var serving = await Account.ServingAsync(cancellation);
        var database = Folder["users.db"];
        // pure-pw useradd hashes so slowly that each login would take seconds; crypt's form is accepted as well.
        var hash = await Account.HashAsync(Password, cancellation);
        var users = Folder.Write("users", $"{User}:{hash}:{serving.UserId}:{serving.GroupId}::{LoginFolder}::::::::::::\n", secret: true);
        var compile = new CommandLine(manager, "mkdb", database, "-f", users) { Environment = libraries };
        (await Command.RunAsync(compile, cancellation)).OrThrow();
        List<string> arguments =
        [
            "-S", $"{Options.ListenAddress},{Port}", "-E", "-l", $"puredb:{database}", "-H", "-u", "1",
            "-g", Folder["pid"], "-c", "300", "-C", "300", "-f", "none",
        ];
        if (Options.AdvertisedAddress is { } address)
        {
            arguments.AddRange(["-P", address]);
        }

        if (Options.RequiresTls)
        {
            // Key and certificate stand in one file; -Y 3 refuses control and data without TLS.
            var both = Folder.Write("both.pem", await File.ReadAllTextAsync(CertificateKey, cancellation) + await File.ReadAllTextAsync(Certificate, cancellation), secret: true);
            arguments.AddRange(["-Y", "3", "-2", both]);
        }

        if (Options.AcceptsForeignAddresses)
        {
            arguments.Add("-w");
        }

        return new CommandLine(program, arguments) { Environment = libraries };
    }
}
