using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>OpenSSH's sshd with its own keys and its own configuration; logs in the user who runs the tests.</summary>
internal sealed class OpenSshServer(SshServerOptions options, TestKeys keys, bool isNewer = false) : SshServer(options, keys)
{
    /// <summary>sshd refuses to start as root without this folder, which an init script makes on a machine that serves SSH.</summary>
    private const string PrivilegeSeparationFolder = "/run/sshd";

    public override string User => Environment.UserName;

    protected override async Task<CommandLine> PrepareAsync(CancellationToken cancellation)
    {
        var program = isNewer ? Peers.RequireNewer("sshd") : Peers.Require("sshd");
        if (Peers.IsRoot)
        {
            Directory.CreateDirectory(PrivilegeSeparationFolder);
        }

        var hostKeys = TestKeys.HostKeys.Select(key => $"HostKey {Keys.PrivateKey(key)}");
        var authorized = Folder.Write("authorized_keys", Keys.PublicKey(TestKeys.Client) + "\n");
        // sshd takes the first value of a keyword, so a test's own lines come first.
        var configuration = Folder.Write("sshd_config", $"""
            {string.Join('\n', Options.Configuration)}
            Port {Port}
            ListenAddress {Options.ListenAddress}
            {string.Join('\n', hostKeys)}
            PidFile none
            AuthorizedKeysFile {authorized}
            StrictModes no
            UsePAM {(Options.AcceptsPasswords || !IsLocked() ? "no" : "yes")}
            PubkeyAuthentication yes
            PasswordAuthentication {(Options.AcceptsPasswords ? "yes" : "no")}
            KbdInteractiveAuthentication no
            PermitRootLogin yes
            AllowTcpForwarding yes
            GatewayPorts no
            MaxStartups 300
            MaxSessions 300
            UseDNS no
            LogLevel VERBOSE
            """);
        if (program.StartsWith(Peers.NewerRoot, StringComparison.Ordinal))
        {
            // It would look for its parts where the system's own are.
            await File.AppendAllTextAsync(
                configuration, $"\nSshdSessionPath {Peers.RequireNewer("sshd-session")}\nSshdAuthPath {Peers.RequireNewer("sshd-auth")}\n", cancellation);
        }

        var command = new CommandLine(program, "-D", "-e", "-f", configuration);
        if (!Options.AcceptsPasswords)
        {
            return command;
        }

        var (passwd, shadow) = await PrivateFiles.RootAccountAsync(Folder, Folder.FullName, Password, cancellation);
        return PrivateFiles.Mount(command, (passwd, "/etc/passwd"), (shadow, "/etc/shadow"));
    }

    // Without PAM, sshd turns away an account whose password field says "locked", whatever the key.
    private static bool IsLocked() => Peers.IsRoot
        && File.ReadLines("/etc/shadow").Any(line => line.StartsWith("root:!", StringComparison.Ordinal));
}
