using System.Collections.Frozen;
using System.CommandLine;
using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>The options as System.CommandLine knows them: one symbol each, fed by <see cref="Getopt"/>. What each means stands in
/// <see cref="CommandLineReader"/>.</summary>
internal sealed class Syntax
{
    /// <summary>Options with a value and the setting that they're another spelling of.</summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["-p"] = "Port",
        ["-l"] = "User",
        ["-i"] = "IdentityFile",
        ["-J"] = "ProxyJump",
        ["-P"] = "Tag",
        ["-L"] = "CulvertLocalForward",
        ["-R"] = "CulvertRemoteForward",
        ["-D"] = "CulvertDynamicForward",
        ["-c"] = "Ciphers",
        ["-m"] = "MACs",
        ["-B"] = "BindInterface",
        ["-b"] = "BindAddress",
    }.Concat(ConfigBuilder.OwnSettings.Where(keyword => keyword != "CulvertReconnect").Select(keyword => KeyValuePair.Create(OptionOf(keyword), keyword))).ToFrozenDictionary();

    /// <summary>Letters of which the last one counts, also against an <c>-o</c> before it; of all other settings the first value does.</summary>
    public static IReadOnlySet<string> LastCounts { get; } = new HashSet<string> { "-4", "-6", "-B", "-b", "-C", "-c", "-g", "-m" };

    /// <summary>Options without a value that say a setting.</summary>
    public static IReadOnlyDictionary<string, (string Keyword, string Value)> Flags { get; } = new Dictionary<string, (string, string)>
    {
        ["-4"] = ("AddressFamily", "inet"),
        ["-6"] = ("AddressFamily", "inet6"),
        ["-g"] = ("GatewayPorts", "yes"),
        ["-C"] = ("Compression", "yes"),
        ["--reconnect"] = ("CulvertReconnect", "yes"),
    };

    /// <summary>Each setting of our own is an option too: <c>CulvertDataHosts</c> is <c>--data-hosts</c>.</summary>
    internal static string OptionOf(string keyword) =>
        "-" + string.Concat(keyword["Culvert".Length..].Select(c => char.IsAsciiLetterUpper(c) ? $"-{char.ToLowerInvariant(c)}" : $"{c}"));

    private Syntax(Command command, Argument<string[]> words)
    {
        Command = command;
        Words = words;
    }

    /// <summary>The whole.</summary>
    public Command Command { get; }

    /// <summary>What isn't an option: the host, and what shouldn't be there.</summary>
    public Argument<string[]> Words { get; }

    /// <summary>A fresh set of symbols.</summary>
    public static Syntax Create()
    {
        var words = new Argument<string[]>("destination") { Arity = ArgumentArity.ZeroOrMore };
        // A name that nobody types: System.CommandLine would take a first word equal to it for the program's own name.
        var command = new Command("\0") { words };
        foreach (var name in (ReadOnlySpan<string>)["-o", "-E", "-F", "-Q", "-W", "--host", "--profile", "--config", .. Settings.Keys])
            command.Add(new Option<string[]>(name) { Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false });
        foreach (var name in (ReadOnlySpan<string>)["-N", "-T", "-f", "-G", "-q", "-v", "-V", "-h", "--help", "--version", .. Flags.Keys])
            command.Add(new Option<bool>(name) { Arity = ArgumentArity.Zero });
        return new Syntax(command, words);
    }
}
