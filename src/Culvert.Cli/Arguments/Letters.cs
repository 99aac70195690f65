using System.Collections.Frozen;

namespace Culvert.Cli.Arguments;

/// <summary>What becomes of a letter.</summary>
internal enum LetterFate
{
    /// <summary>It does what OpenSSH's manual says.</summary>
    Works,
    /// <summary>It's accepted and does nothing: it concerns sessions, or what is always or never so here.</summary>
    Silent,
    /// <summary>It's refused, and the note says why and what to use.</summary>
    Refused,
}

/// <summary>One of OpenSSH's option letters.</summary>
/// <param name="TakesValue">Whether a value follows, glued or as the next word.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Note">For a refused one: why, and what to use.</param>
internal readonly record struct Letter(bool TakesValue, LetterFate Fate, string? Note = null);

/// <summary>Every letter of OpenSSH's <c>ssh</c> has an answer here; <c>h</c> is ours.</summary>
internal static class Letters
{
    private const string NoSession = "culvert opens no session; run ssh for that";
    private const string NoSharing = "culvert doesn't share connections; every run has its own";

    /// <summary>The table.</summary>
    public static FrozenDictionary<char, Letter> All { get; } = new Dictionary<char, Letter>
    {
        ['1'] = Refused(false, "SSH protocol v.1 is no longer supported; leave -1 out"),
        ['2'] = Silent(false),
        ['4'] = Works(false),
        ['6'] = Works(false),
        ['A'] = Refused(false, "without a session there is nothing to forward the agent to; leave -A out"),
        ['a'] = Silent(false),
        ['B'] = Works(true),
        ['b'] = Works(true),
        ['C'] = Works(false),
        ['c'] = Works(true),
        ['D'] = Works(true),
        ['E'] = Works(true),
        ['e'] = Silent(true),
        ['F'] = Works(true),
        ['f'] = Works(false),
        ['G'] = Works(false),
        ['g'] = Works(false),
        ['h'] = Works(false),
        ['I'] = Refused(true, "add the token to ssh-agent (ssh-add -s), or say --engine openssh and -o PKCS11Provider=path"),
        ['i'] = Works(true),
        ['J'] = Works(true),
        ['K'] = Refused(false, "Kerberos is ssh's own: say --engine openssh and -o GSSAPIAuthentication=yes"),
        ['k'] = Silent(false),
        ['L'] = Works(true),
        ['l'] = Works(true),
        ['M'] = Refused(false, NoSharing),
        ['m'] = Works(true),
        ['N'] = Works(false),
        ['n'] = Silent(false),
        ['O'] = Refused(true, NoSharing + "; end one with Ctrl-C or kill"),
        ['o'] = Works(true),
        ['P'] = Works(true),
        ['p'] = Works(true),
        ['Q'] = Works(true),
        ['q'] = Works(false),
        ['R'] = Works(true),
        ['S'] = Refused(true, NoSharing),
        ['s'] = Refused(false, NoSession),
        ['T'] = Works(false),
        ['t'] = Refused(false, NoSession),
        ['V'] = Works(false),
        ['v'] = Works(false),
        ['W'] = Works(true),
        ['w'] = Refused(true, "tunnel devices aren't offered; use -L or -R"),
        ['X'] = Refused(false, NoSession),
        ['x'] = Silent(false),
        ['Y'] = Refused(false, NoSession),
        ['y'] = Refused(false, "use -E file to log into a file"),
    }.ToFrozenDictionary();

    private static Letter Works(bool takesValue) => new(takesValue, LetterFate.Works);
    private static Letter Silent(bool takesValue) => new(takesValue, LetterFate.Silent);
    private static Letter Refused(bool takesValue, string note) => new(takesValue, LetterFate.Refused, note);
}
