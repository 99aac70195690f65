using System.Collections.Frozen;
using System.Text;

namespace Culvert.Ftp.Wire;

/// <summary>What becomes of a verb, in one word.</summary>
internal enum VerbPolicy
{
    /// <summary>Goes to the server as it came, and its reply to the client.</summary>
    Pass,
    /// <summary>Passes; the relay remembers what it means for transfers to come.</summary>
    Track,
    /// <summary>The server, the client or both read the relay's own words in its place.</summary>
    Rewrite,
    /// <summary>Refused here.</summary>
    Refuse,
}

/// <summary>The command table: every verb that the relay knows, and what becomes of it. What isn't in it passes, and its reply is watched all
/// the same: a 227 or 229 is never an answer to anything but PASV and EPSV.</summary>
/// <remarks>
/// FTP's commands stand in RFC 959, 1639, 2228, 2389, 2428, 2640, 3659, 7151; the rest is what servers added. The mail commands of RFC 765 are
/// not in it on purpose: before a login they look like SMTP that was led here, and count as unknown. A verb that could set up a data connection
/// which isn't translated must be refused by name: add it here before anything else.
/// </remarks>
internal static class FtpVerbs
{
    /// <summary>Longest verb taken for one; the longest known extension (XSHA256, XSHA512) has seven letters.</summary>
    public const int MaxLength = 16;

    private static readonly (VerbKind Kind, VerbPolicy Policy, string Verbs)[] Table =
    [
        (VerbKind.Login,        VerbPolicy.Track,   "USER PASS ACCT"),
        (VerbKind.Directory,    VerbPolicy.Track,   "CWD XCWD CDUP XCUP PWD XPWD SMNT"),
        (VerbKind.Plain,        VerbPolicy.Pass,    "MKD XMKD RMD XRMD DELE RNFR RNTO MDTM MLST SYST HELP LANG OPTS CLNT CSID"),
        (VerbKind.Plain,        VerbPolicy.Pass,    "MFMT MFCT MFF HASH RANG AVBL COMB XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512 MD5 MMD5 THMB XQUOTA PRET"),
        (VerbKind.Site,         VerbPolicy.Track,   "SITE"),
        (VerbKind.Type,         VerbPolicy.Track,   "TYPE"),
        (VerbKind.Mode,         VerbPolicy.Track,   "MODE"),
        (VerbKind.Stru,         VerbPolicy.Track,   "STRU"),
        (VerbKind.Rest,         VerbPolicy.Track,   "REST"),
        (VerbKind.Size,         VerbPolicy.Track,   "SIZE"),
        (VerbKind.Allo,         VerbPolicy.Track,   "ALLO"),
        (VerbKind.Noop,         VerbPolicy.Track,   "NOOP"),
        (VerbKind.Rein,         VerbPolicy.Track,   "REIN"),
        (VerbKind.Quit,         VerbPolicy.Track,   "QUIT"),
        (VerbKind.Stat,         VerbPolicy.Track,   "STAT"),
        (VerbKind.Abor,         VerbPolicy.Track,   "ABOR"),
        (VerbKind.Download,     VerbPolicy.Track,   "RETR LIST NLST MLSD"),
        (VerbKind.Upload,       VerbPolicy.Track,   "STOR STOU APPE"),
        (VerbKind.Feat,         VerbPolicy.Rewrite, "FEAT"),
        (VerbKind.Host,         VerbPolicy.Rewrite, "HOST"),
        (VerbKind.Pasv,         VerbPolicy.Rewrite, "PASV"),
        (VerbKind.Epsv,         VerbPolicy.Rewrite, "EPSV"),
        (VerbKind.Port,         VerbPolicy.Rewrite, "PORT"),
        (VerbKind.Eprt,         VerbPolicy.Rewrite, "EPRT"),
        (VerbKind.Security,     VerbPolicy.Refuse,  "AUTH ADAT MIC CONF ENC"),
        (VerbKind.Protection,   VerbPolicy.Refuse,  "PBSZ PROT CCC"),
        // RFC 1639 (LPRT LPSV), RFC 1579 (APSV), and what servers invented for data connections between servers, clusters and NAT.
        (VerbKind.Untranslated, VerbPolicy.Refuse,  "LPRT LPSV APSV SPSV CPSV SSCN CEPR ESTA ESTP ALGS"),
    ];

    private static readonly FrozenDictionary<string, (VerbKind Kind, VerbPolicy Policy)> ByName = Table
        .SelectMany(row => row.Verbs.Split(' '), (row, verb) => (Verb: verb, row.Kind, row.Policy))
        .ToFrozenDictionary(row => row.Verb, row => (row.Kind, row.Policy), StringComparer.OrdinalIgnoreCase);

    /// <summary>The table, row by row.</summary>
    public static IEnumerable<(string Verb, VerbKind Kind, VerbPolicy Policy)> All =>
        Table.SelectMany(row => row.Verbs.Split(' '), (row, verb) => (verb, row.Kind, row.Policy));

    /// <summary>What a verb is, in any case; <see cref="VerbKind.Other"/> when it isn't known.</summary>
    public static VerbKind Classify(string verb) => ByName.TryGetValue(verb, out var known) ? known.Kind : VerbKind.Other;

    /// <summary>Whether FEAT may not mention it, because this relay refuses it.</summary>
    public static bool IsHiddenFeature(ReadOnlySpan<byte> label) =>
        label.Length is > 0 and <= MaxLength && ByName.TryGetValue(Encoding.ASCII.GetString(label), out var known) && known.Policy == VerbPolicy.Refuse;
}
