using System.Text.RegularExpressions;
using Culvert.Broker.Config;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;

namespace Culvert.Interop.Configuration;

/// <summary>What a program made of a configuration.</summary>
/// <param name="Lines">What <c>-G</c> prints; empty when it was refused.</param>
/// <param name="Mistakes">The messages that name a line, and the last one.</param>
internal sealed record Reading(IReadOnlyList<string> Lines, IReadOnlyList<string> Mistakes)
{
    public bool IsRefused => Mistakes.Count > 0;
}

/// <summary>Asks <c>ssh -G</c> and culvert for the same configuration, and compares.</summary>
internal static partial class Agreement
{
    /// <summary>Keys whose values are lists of algorithms: what we don't have may be missing in ours.</summary>
    private static readonly string[] AlgorithmKeys = ["ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms", "casignaturealgorithms"];

    /// <summary>Algorithms of methods that culvert doesn't have at all.</summary>
    private static readonly string[] ForeignKeys = ["gssapikexalgorithms", "hostbasedacceptedalgorithms"];

    /// <summary>Algorithms that OpenSSH has since 9.9 only: an older one that is compared with doesn't print them.</summary>
    private static readonly string[] NewAlgorithms = ["mlkem768x25519-sha256", "sntrup761x25519-sha512"];

    /// <summary>Culvert has no session: what it is compared with is <c>ssh -N</c>.</summary>
    public static async Task<Reading> AskOpenSshAsync(Configuration configuration, TemporaryFolder folder, CancellationToken cancellation)
    {
        var ssh = new CommandLine(Peers.Require("ssh"), ["-N", "-G", .. configuration.Words(folder)]);
        var result = await Command.RunAsync(InPlace(configuration, folder, ssh), cancellation);
        if (result.TimedOut)
            throw new InvalidOperationException(result.ToString());
        var lines = result.Output.Split('\n');
        // Values and messages come together; a value begins with a keyword in lower case, a message with a file or a capital.
        return result.ExitCode == 0 ? new(Values(lines), []) : new([], Mistakes(lines.Select(Unescaped)));
    }

    /// <summary>In this process, for speed.</summary>
    public static Reading AskCulvert(Configuration configuration, TemporaryFolder folder)
    {
        try
        {
            return new(Values(InProcess.Print(configuration.Words(folder), MachineOf(configuration, folder))), []);
        }
        catch (ConfigException e)
        {
            return new([], Mistakes(e.Lines));
        }
    }

    /// <summary>The program itself.</summary>
    public static async Task<Reading> RunCulvertAsync(Configuration configuration, TemporaryFolder folder, CancellationToken cancellation)
    {
        var culvert = CulvertProcess.Command(["-G", .. configuration.Words(folder)]);
        var result = await Command.RunAsync(InPlace(configuration, folder, culvert), cancellation);
        return result.ExitCode switch
        {
            0 => new(Values(result.Output.Split('\n')), []),
            2 => new([], Mistakes(result.Output.Split('\n'))),
            _ => throw new InvalidOperationException(result.ToString()),
        };
    }

    /// <summary>What differs beyond what may; empty when they agree.</summary>
    /// <param name="ssh">What OpenSSH made of it.</param>
    /// <param name="culvert">What culvert made of it.</param>
    /// <param name="usualSsh">The lines without any file, which show the order of the usual algorithms.</param>
    /// <param name="usualCulvert">Likewise.</param>
    public static IReadOnlyList<string> Differences(Reading ssh, Reading culvert, Reading usualSsh, Reading usualCulvert)
    {
        if (ssh.IsRefused || culvert.IsRefused)
            return Compare(ssh.Mistakes, culvert.Mistakes);
        var ours = culvert.Lines.ToDictionary(Key, Value, AlgorithmKeys);
        var expected = new List<string>();
        var found = new List<string>(culvert.Lines.Where(line => !AlgorithmKeys.Contains(Key(line))));
        var differences = new List<string>();
        foreach (var line in ssh.Lines)
        {
            if (!AlgorithmKeys.Contains(Key(line)))
            {
                expected.Add(line);
                continue;
            }
            var known = Names(usualSsh, Key(line));
            bool IsUnknownThere(string name) => NewAlgorithms.Contains(name) && !known.Contains(name);
            var spoken = Names(usualCulvert, Key(line)).Where(name => !IsUnknownThere(name)).ToArray();
            var usual = known.Where(spoken.Contains).ToArray();
            var wanted = Value(line).Split(',').Where(spoken.Contains).ToArray();
            var actual = ours[Key(line)].Split(',', StringSplitOptions.RemoveEmptyEntries).Where(name => !IsUnknownThere(name)).ToArray();
            if (!MayBe(actual, wanted, usual, spoken) && !MayBe(actual, wanted, AllOfOpenSsh(Key(line)).Where(spoken.Contains).ToArray(), spoken))
                differences.Add($"{Key(line)}: {string.Join(',', wanted)} is expected, {string.Join(',', actual)} was found");
        }
        return [.. differences, .. Compare(expected, found)];
    }

    public static string Key(string line) => line.Split(' ')[0];

    private static string Value(string line) => line.Contains(' ', StringComparison.Ordinal) ? line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..] : "";

    private static Dictionary<string, string> ToDictionary(this IEnumerable<string> lines, Func<string, string> key, Func<string, string> value, string[] keys) =>
        lines.Where(line => keys.Contains(key(line))).ToDictionary(key, value);

    private static string[] Names(Reading reading, string key) => Value(reading.Lines.First(line => Key(line) == key)).Split(',');

    // A pattern without a sign takes names in the order of OpenSSH's table.
    private static string[] AllOfOpenSsh(string key) => key is "hostkeyalgorithms" or "pubkeyacceptedalgorithms"
        ? ["ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
           "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com", "rsa-sha2-256", "rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-512", "rsa-sha2-512-cert-v01@openssh.com"]
        : key is "casignaturealgorithms" ? ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-256", "rsa-sha2-512"]
        : [];

    // What a user put in order comes in that order; the rest of a list, where it stands in the usual order, comes in our own.
    private static bool MayBe(string[] actual, string[] wanted, string[] usual, string[] own)
    {
        for (var head = 0; head <= wanted.Length; head++)
        {
            var rest = wanted[head..];
            var restIsUsual = rest.SequenceEqual(usual.Where(rest.Contains));
            if ((head == wanted.Length || restIsUsual) && actual.SequenceEqual([.. wanted[..head], .. own.Where(rest.Contains)]))
                return true;
        }
        return false;
    }

    private static List<string> Compare(IReadOnlyList<string> expected, IReadOnlyList<string> found)
    {
        var differences = new List<string>();
        for (var i = 0; i < Math.Max(expected.Count, found.Count); i++)
        {
            var (one, other) = (i < expected.Count ? expected[i] : "(nothing)", i < found.Count ? found[i] : "(nothing)");
            if (one == other)
                continue;
            differences.Add($"ssh says \"{one}\", culvert \"{other}\"");
            break; // what follows is only shifted
        }
        return differences;
    }

    /// <summary>What ssh logs, it writes with backslashes doubled.</summary>
    private static string Unescaped(string line) => line.Replace(@"\\", @"\", StringComparison.Ordinal);

    // Debian has a second name for QUIET, and prints that.
    private static string[] Values(IEnumerable<string> lines) =>
        [.. lines.Where(line => ValueLine().IsMatch(line) && !line.StartsWith("culvert", StringComparison.Ordinal) && !ForeignKeys.Contains(Key(line)))
            .Select(line => line == "loglevel SILENT" ? "loglevel QUIET" : line)];

    private static string[] Mistakes(IEnumerable<string> lines) =>
        [.. lines.Where(line => MistakeLine().IsMatch(line) && !NotOfTheFile().IsMatch(line) && !line.Contains("Unsupported option", StringComparison.Ordinal))];

    // As root, files of a test can stand where a program looks for them: only it sees them there.
    private static CommandLine InPlace(Configuration configuration, TemporaryFolder folder, CommandLine command)
    {
        if (!configuration.UsesUsualFiles)
            return command;
        Peers.RequireRoot("the configuration files stand where they are looked for");
        var passwd = folder.Write("passwd", $"root:x:0:0:root:{folder.FullName}:/bin/sh\n");
        return PrivateFiles.Mount(
            command with { Environment = new Dictionary<string, string>(command.Environment) { ["HOME"] = folder.FullName } },
            (passwd, "/etc/passwd"), (folder[Configuration.SystemFile], "/etc/ssh/ssh_config"));
    }

    private static Machine MachineOf(Configuration configuration, TemporaryFolder folder)
    {
        var real = ThisMachine.Of();
        return !configuration.UsesUsualFiles ? real : real with
        {
            Home = folder.FullName,
            HomeOf = user => user == "root" ? folder.FullName : null,
            Variable = name => name == "HOME" ? folder.FullName : real.Variable(name),
            Read = path => real.Read(path == "/etc/ssh/ssh_config" ? folder[Configuration.SystemFile] : path),
        };
    }

    /// <summary>What ssh tells of its work, and what the shell of <c>Match exec</c> complains of.</summary>
    [GeneratedRegex("^debug[123]: |^/bin/[a-z]*sh: ")]
    private static partial Regex NotOfTheFile();

    [GeneratedRegex("^[a-zA-Z0-9]+ ")]
    private static partial Regex ValueLine();

    [GeneratedRegex(@"line \d+: |: terminating, \d+ bad|^Bad owner|^Can't open user config|^Missing Match|^Unsupported Match|^Too many|^Invalid number|^jumphost loop")]
    private static partial Regex MistakeLine();
}
