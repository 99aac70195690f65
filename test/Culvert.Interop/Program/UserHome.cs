using System.Globalization;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Program;

/// <summary>A user's home on the day after the first login: a key, the server's key in known_hosts, and ssh-broker-config.xml.</summary>
internal sealed class UserHome : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="server">Where the key opens.</param>
    public UserHome(SshServer server)
    {
        Directory.CreateDirectory(_folder[".ssh"]);
        Directory.CreateDirectory(_folder[".ssh2"]);
        File.Copy(server.Keys.PrivateKey(TestKeys.Client), _folder[".ssh/id_ed25519"]);
        File.Copy(server.KnownHosts, _folder[".ssh/known_hosts"]);
        File.SetUnixFileMode(_folder[".ssh/id_ed25519"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>The user's configuration.</summary>
    public string Configuration => _folder[".ssh2/ssh-broker-config.xml"];

    /// <summary>A place for something else.</summary>
    public string this[string name] => _folder[name];

    /// <summary>The example of SSH Tectia's manual, with a server and ports that can be had here.</summary>
    public static string Example(SshServer server, FtpServer ftp, int port, string? ftpAddress = null) => string.Create(CultureInfo.InvariantCulture, $"""
        <profiles>
          <profile id="id1" host="{server.Address}" port="{server.Port}" user="{server.User}">
            <tunnels>
              <local-tunnel type="FTP" listen-port="{port}" dst-host="{ftpAddress ?? "127.0.0.1"}" dst-port="{ftp.Port}" allow-relay="NO" />
            </tunnels>
          </profile>
        </profiles>
        """);

    /// <summary>A command as the user types it, under any of the program's names.</summary>
    public CommandLine Command(string program, params IReadOnlyList<string> words)
    {
        var command = CulvertProcess.Command(words) with { Program = program };
        return command with { Environment = new Dictionary<string, string>(command.Environment) { ["HOME"] = _folder.FullName, ["XDG_RUNTIME_DIR"] = _folder.FullName } };
    }

    public void Dispose() => _folder.Dispose();
}
