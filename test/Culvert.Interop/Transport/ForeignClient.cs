using System.Globalization;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Transport;

/// <summary>Clients of others, which connect, stay until they are cut off, and come again. They log in by whatever the server takes.</summary>
internal static class ForeignClient
{
    public const string OpenSsh = "ssh";
    public const string OpenSshNewer = "ssh of OpenSSH 10";
    public const string Dropbear = "dbclient";
    public const string AsyncSsh = "AsyncSSH";
    public const string Paramiko = "Paramiko";

    /// <summary>Runs a program again and again.</summary>
    private const string Loop = "while :; do \"$@\"; done";

    public static IReadOnlyList<string> All { get; } = [OpenSsh, OpenSshNewer, Dropbear, AsyncSsh, Paramiko];

    public static ChildProcess Start(string name, string address, int port, string home)
    {
        var at = port.ToString(CultureInfo.InvariantCulture);
        string[] ssh =
        [
            "-F", "none", "-N", "-p", at, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "KexAlgorithms=+diffie-hellman-group14-sha256", "-l", "somebody", address,
        ];
        var command = name switch
        {
            OpenSsh => Again(Peers.Require("ssh"), ssh),
            OpenSshNewer => Again(Peers.RequireNewer("ssh"), ssh),
            Dropbear => Again(Peers.Require("dbclient"), "-y", "-y", "-N", "-T", "-p", at, $"somebody@{address}"),
            AsyncSsh => Peers.RequirePython("asyncssh", Script("asyncssh_client.py"), address, at),
            Paramiko => Peers.RequirePython("paramiko", Script("paramiko_client.py"), address, at),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such client"),
        };
        return ChildProcess.Start(command with { Environment = new Dictionary<string, string>(command.Environment) { ["HOME"] = home } });
    }

    private static CommandLine Again(string program, params string[] arguments) => new("/bin/sh", ["-c", Loop, "sh", program, .. arguments]);

    private static string Script(string file) => Path.Combine(AppContext.BaseDirectory, "Servers", "Python", file);
}
