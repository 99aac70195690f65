using System.Globalization;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>pyftpdlib from Debian's own Python, with one virtual user.</summary>
internal sealed class PyFtpdlibServer(FtpServerOptions options) : FtpServer(options)
{
    public override string User => Account.User;

    public override string Password => Account.Password;

    protected override async Task<CommandLine> PrepareAsync(CancellationToken cancellation)
    {
        var python = Peers.Require("python3");
        if (!(await Command.RunAsync(new CommandLine(python, "-c", "import pyftpdlib"), cancellation)).Succeeded)
        {
            throw Peers.Missing("python3-pyftpdlib is not on this machine");
        }

        return new CommandLine(
            python, Path.Combine(AppContext.BaseDirectory, "Servers", "pyftpdlib_server.py"),
            Options.ListenAddress, Port.ToString(CultureInfo.InvariantCulture), User, Password, LoginFolder,
            Options.AdvertisedAddress ?? "", Options.AcceptsForeignAddresses ? "foreign" : "",
            Options.RequiresTls ? Certificate : "", CertificateKey, Options.Logs ? "logs" : "");
    }
}
