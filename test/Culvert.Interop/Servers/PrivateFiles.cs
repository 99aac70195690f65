using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>
/// Lets a server see other files in place of the machine's own (an account in /etc/passwd, a password in /etc/shadow)
/// by mounting them in a mount namespace of the server alone. The machine itself is not changed.
/// </summary>
internal static class PrivateFiles
{
    private const string Script = """
        set -e
        program=$1
        shift
        while [ "$1" != -- ]; do
            mount --bind "$1" "$2"
            shift 2
        done
        shift
        exec "$program" "$@"
        """;

    public static CommandLine Mount(CommandLine command, params IReadOnlyList<(string Own, string InPlaceOf)> files)
    {
        return new CommandLine(
            Peers.Require("unshare"),
            ["--mount", "--propagation", "private", "/bin/sh", "-c", Script, "sh", command.Program,
                .. files.SelectMany(file => new[] { file.Own, file.InPlaceOf }), "--", .. command.Arguments])
        {
            Environment = command.Environment,
        };
    }

    /// <summary>The machine's /etc/passwd and /etc/shadow with root's home folder and password replaced.</summary>
    public static async Task<(string Passwd, string Shadow)> RootAccountAsync(
        TemporaryFolder folder, string home, string password, CancellationToken cancellation)
    {
        Peers.RequireRoot("the server gets an account that exists only for it");
        var hash = await Account.HashAsync(password, cancellation);
        var passwd = await OthersThanRootAsync("/etc/passwd", cancellation);
        var shadow = await OthersThanRootAsync("/etc/shadow", cancellation);
        return (
            folder.Write("passwd", string.Join('\n', [$"root:x:0:0:root:{home}:/bin/sh", .. passwd, ""])),
            folder.Write("shadow", string.Join('\n', [$"root:{hash}:20000:0:99999:7:::", .. shadow, ""]), secret: true));
    }

    private static async Task<IEnumerable<string>> OthersThanRootAsync(string path, CancellationToken cancellation) =>
        (await File.ReadAllLinesAsync(path, cancellation)).Where(line => !line.StartsWith("root:", StringComparison.Ordinal));
}
