using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>
/// dropbear, which reads authorized_keys only from the home folder in /etc/passwd: so it gets an /etc/passwd in which
/// root's home is the test's own.
/// </summary>
internal sealed class DropbearServer(SshServerOptions options, TestKeys keys) : SshServer(options, keys)
{
    public override string User => "root";

    protected override async Task<CommandLine> PrepareAsync(CancellationToken cancellation)
    {
        var program = Peers.Require("dropbear");
        var convert = Peers.Require("dropbearconvert");
        Peers.RequireRoot("dropbear gets an account that exists only for it");
        Directory.CreateDirectory(Folder[".ssh"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Folder.Write(Path.Combine(".ssh", "authorized_keys"), AuthorizedLines, secret: true);
        List<string> arguments = ["-F", "-E", "-p", $"{Bracketed(Options.ListenAddress)}:{Port}", "-P", Folder["pid"]];
        // It takes four keys and no more.
        foreach (var key in TestKeys.HostKeys.Where(key => key != TestKeys.HostEcdsa384))
        {
            var converted = Folder["dropbear_" + key];
            (await Command.RunAsync(
                new CommandLine(convert, "openssh", "dropbear", Keys.PrivateKey(key), converted), cancellation)).OrThrow();
            arguments.AddRange(["-r", converted]);
        }

        if (Options.KeepsToAddresses)
        {
            arguments.Add("-a");
        }

        if (!Options.AcceptsPasswords)
        {
            arguments.Add("-s");
        }

        var (passwd, shadow) = await PrivateFiles.RootAccountAsync(Folder, Folder.FullName, Password, cancellation);
        return PrivateFiles.Mount(new CommandLine(program, arguments), (passwd, "/etc/passwd"), (shadow, "/etc/shadow"));
    }

    private static string Bracketed(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
}
