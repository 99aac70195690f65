using Culvert.Ftp.Wire;

namespace Culvert.TestKit.Proof;

/// <summary>A row of the command table, made from the relay's own (<see cref="FtpVerbs"/>).</summary>
/// <param name="Verb">In upper case; a verb with an argument where that changes what becomes of it.</param>
/// <param name="Policy">Pass, track, rewrite, answer or refuse.</param>
/// <param name="Does">What the relay does, for people.</param>
public sealed record CommandRow(string Verb, string Policy, string Does)
{
    /// <summary>The heading of the column with real transfers.</summary>
    public const string RealTransfer = "A file arrives after it from";

    /// <summary>Every verb that the relay knows, and then the spellings and the unknown.</summary>
    public static IReadOnlyList<CommandRow> All { get; } =
    [
        .. FtpVerbs.All.Select(row => new CommandRow(row.Verb, row.Policy.ToString().ToLowerInvariant(), Sentence(row.Kind))),
        new("EPSV ALL", "answer", "200 from the relay; from then on PASV, PORT and EPRT are 503. The server isn't told, so that it can still be asked by PASV"),
        new("STAT path", "pass", "a listing in the reply, streamed line by line"),
        new("(unknown)", "pass", "as it came; a 227 or 229 in its reply ends the session; three before the login are one too many"),
        new("(no verb)", "refuse", "500: empty, longer than 4096 bytes, or with bytes that no verb has"),
    ];

    /// <summary>Whether the server hears of it, in whatever words.</summary>
    public bool ReachesServer => Policy is "pass" or "track" or "rewrite";

    private static string Sentence(VerbKind kind) => kind switch
    {
        VerbKind.Plain => "as it came",
        VerbKind.Login => "as it came; never logged where it's a secret; a login ends the login timer, and the name stands in the transfer's event",
        VerbKind.Directory => "as it came; the working directory is remembered, for the paths of transfers",
        VerbKind.Site => "as it came; what may change the directory makes it unknown",
        VerbKind.Type => "as it came; whether an announced size counts",
        VerbKind.Mode => "as it came; in B, C and Z the end of a connection is no end of a file",
        VerbKind.Stru => "as it came; record structure ends files inside the data",
        VerbKind.Rest => "as it came, next to its transfer; taken back when that is refused here",
        VerbKind.Size => "as it came; the size to expect",
        VerbKind.Allo => "as it came; the size of the upload to come",
        VerbKind.Noop => "as it came, also during a transfer",
        VerbKind.Rein => "as it came; at 220 all that was remembered is forgotten",
        VerbKind.Quit => "as it came, behind an upload that still runs",
        VerbKind.Stat => "as it came, also during a transfer, ahead of all that waits",
        VerbKind.Abor => "ABOR, without Telnet codes, at once, ahead of all that waits; the replies are sorted out whatever their number",
        VerbKind.Download => "as it came; its final reply waits for the last byte, its end of file for the reply",
        VerbKind.Upload => "as it came, when the client's data connection stands; what follows waits for its reply",
        VerbKind.Feat => "as it came; features that are refused here are left out of the reply",
        VerbKind.Host => "as it came, or with the name that the user set",
        VerbKind.Pasv => "PASV, or EPSV where the server wants that; the 227 names the relay's own port",
        VerbKind.Epsv => "EPSV, or PASV where the server wants that; the 229 names the relay's own port",
        VerbKind.Port or VerbKind.Eprt => "EPSV or PASV (or the far side's own port, where the user wants that); the relay connects to the client, and only to the client",
        VerbKind.Security => "534; clients go on without TLS, inside SSH",
        VerbKind.Protection => "503",
        VerbKind.Untranslated => "502",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a kind without a sentence"),
    };
}
