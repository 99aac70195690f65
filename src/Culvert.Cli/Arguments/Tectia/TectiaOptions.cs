using System.Collections.Frozen;
using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>One of sshg3's options, in each way in which it's written.</summary>
/// <param name="Spellings">The first one is its name here.</param>
/// <param name="TakesValue">Whether a value follows: glued to a letter, behind <c>=</c>, or as the next word.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Note">For a refused one: why, and what to use.</param>
internal sealed record TectiaOption(string[] Spellings, bool TakesValue, LetterFate Fate, string? Note = null)
{
    /// <summary>Its name here.</summary>
    public string Name => Spellings[0];
}

/// <summary>Every option of <c>sshg3</c> has an answer here. In Tectia's pairs a minus switches off and a plus switches on, but for <c>g</c>, where it is the other way
/// round; <c>-F</c> and the settings of our own are ours.</summary>
internal static class TectiaOptions
{
    private const string NoX11 = "X11 isn't forwarded by culvert; run ssh -X for that";
    private const string NoAgent = "the agent isn't forwarded by culvert; run ssh -A for that";
    private const string NoOrdinals = "there is no broker that counts keys; name the key's file with -K";

    /// <summary>The table.</summary>
    public static IReadOnlyList<TectiaOption> Table { get; } =
    [
        Value("-L", "--localfwd"),
        Value("-R", "--remotefwd"),
        Flag("-g", "--gateway"),
        Flag("+g"),
        Flag("-S", "--no-session-channel"),
        Flag("+S"),
        Flag("-f", "--fork-into-background"),
        Flag("--abort-on-failing-tunnel"),
        Flag("-B", "--batch-mode"),
        Flag("-C"),
        Flag("+C"),
        Value("-c", "--ciphers"),
        Value("-m", "--macs"),
        Value("-u", "--kexs"),
        Value("-j", "--hostkey-algs"),
        Value("--compressions"),
        Value("-D", "--debug"),
        Value("-z", "--broker-log-file"),
        Value("-e", "--escape-char"),
        Value("-i"),
        Value("-K", "--identity-key-file"),
        Value("-l", "--user"),
        Value("-p", "--port"),
        Flag("-n", "--dev-null"),
        Value("-o"),
        Value("-P", "--password"),
        Flag("-q"),
        Value("-s", "--subsystem"),
        Flag("-t", "--tty"),
        Flag("-v", "--verbose"),
        Silent("-w"),
        Flag("+w", "--try-empty-password"),
        Silent("-x", "-X", "--no-x11-forwarding"),
        Refused(NoX11, false, "+x", "+X"),
        Silent("-a", "--no-agent-forwarding"),
        Refused(NoAgent, false, "+a"),
        Value("--aa", "--allowed-authentications"),
        Flag("--kip"),
        Silent("--exclusive"),
        Value("--hostkey-policy"),
        Value("--keep-alive"),
        Value("--tcp-connect-timeout"),
        Value("--remote-environment"),
        Value("--remote-environment-format"),
        Refused(NoOrdinals, true, "--identity"),
        Refused(NoOrdinals, true, "--identity-key-hash"),
        Refused(NoOrdinals, true, "--identity-key-id"),
        Flag("-4"),
        Flag("-6"),
        Flag("-V", "--version"),
        Flag("-h", "--help"),
        Value("-F"),
        .. ConfigBuilder.OwnSettings.Select(keyword => Value(Syntax.OptionOf(keyword))),
    ];

    private static readonly FrozenDictionary<string, TectiaOption> BySpelling =
        Table.SelectMany(option => option.Spellings.Select(spelling => KeyValuePair.Create(spelling, option))).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The option of a spelling; null: sshg3 has none.</summary>
    public static TectiaOption? Find(string spelling) => BySpelling.GetValueOrDefault(spelling);

    private static TectiaOption Value(params string[] spellings) => new(spellings, true, LetterFate.Works);
    private static TectiaOption Flag(params string[] spellings) => new(spellings, false, LetterFate.Works);
    private static TectiaOption Silent(params string[] spellings) => new(spellings, false, LetterFate.Silent);
    private static TectiaOption Refused(string note, bool takesValue, params string[] spellings) => new(spellings, takesValue, LetterFate.Refused, note);
}
