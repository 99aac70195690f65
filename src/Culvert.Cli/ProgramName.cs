namespace Culvert.Cli;

/// <summary>The name by which the program was called: each of Tectia's names has letters and exit codes of its own.</summary>
internal static class ProgramName
{
    /// <summary>Tectia's <c>sshg3</c>.</summary>
    public const string Sshg3 = "sshg3";

    /// <summary>Tectia's broker: <c>culvert broker</c>.</summary>
    public const string SshBroker = "ssh-broker-g3";

    /// <summary>Tectia's control program: <c>culvert ctl</c>.</summary>
    public const string SshBrokerControl = "ssh-broker-ctl";

    /// <summary>The program's own name.</summary>
    public const string Own = "culvert";

    /// <summary>The names that <c>culvert install-names</c> makes.</summary>
    public static IReadOnlyList<string> Installed { get; } = [Sshg3, SshBroker, SshBrokerControl];

    /// <summary>Tells a copy of this process by which name the first one was called: a process can't be started under another name.</summary>
    private const string Variable = "CULVERT_CALLED_AS";

    /// <summary>The name, without folder and extension.</summary>
    public static string Current { get; } = Find();

    /// <summary>Gives a copy of this process its name.</summary>
    public static void PassOn(IDictionary<string, string?> environment, string name) => environment[Variable] = name;

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } passedOn)
        {
            Environment.SetEnvironmentVariable(Variable, null);
            return passedOn;
        }
        return Path.GetFileNameWithoutExtension(OperatingSystem.IsLinux() ? FirstWord() : Environment.GetCommandLineArgs()[0]);
    }

    // Under the just-in-time runtime the first of the arguments is the library.
    private static string FirstWord()
    {
        var words = File.ReadAllText("/proc/self/cmdline");
        return words[..Math.Max(0, words.IndexOf('\0', StringComparison.Ordinal))];
    }
}
