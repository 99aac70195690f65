using System.Text;

namespace Culvert.Demo.FtpServer;

/// <summary>Fixed replies, and which commands there are.</summary>
internal static class FtpTexts
{
    private static readonly string[] Known =
    [
        "ABOR", "ACCT", "ALLO", "APPE", "CDUP", "CWD", "DELE", "EPRT", "EPSV", "FEAT", "HELP", "LIST", "MDTM", "MKD", "MLSD", "MLST", "MODE", "NLST",
        "NOOP", "OPTS", "PASS", "PASV", "PORT", "PWD", "QUIT", "REIN", "REST", "RETR", "RMD", "RNFR", "RNTO", "SIZE", "STAT", "STOR", "STRU", "SYST",
        "TYPE", "USER", "XCUP", "XCWD", "XMKD", "XPWD", "XRMD",
    ];

    // Commands of the RFCs that this server doesn't have: 502, where a command that nobody knows hears 500.
    private static readonly string[] NotImplemented = ["ADAT", "AUTH", "CCC", "CONF", "ENC", "HOST", "LANG", "LPRT", "LPSV", "MIC", "PBSZ", "PROT", "SITE", "SMNT", "STOU"];

    /// <summary>HELP.</summary>
    public static Reply Help { get; } = new(214, "End.") { First = "Commands:", Between = [.. Known.Chunk(11).Select(row => string.Join(' ', row))] };

    /// <summary>FEAT (RFC 2389 §3; the star marks facts that are told, RFC 3659 §7.8).</summary>
    public static Reply Features(IReadOnlyCollection<string> facts) => new(211, "End.")
    {
        First = "Features:",
        Between = ["EPRT", "EPSV", "MDTM", "MLST " + string.Concat(Listing.Facts.Select(fact => fact + (facts.Contains(fact) ? "*;" : ";"))), "REST STREAM", "SIZE", "TVFS", "UTF8"],
    };

    /// <summary>Whether this server has the command.</summary>
    public static bool IsKnown(string verb) => Array.BinarySearch(Known, verb, StringComparer.Ordinal) >= 0;

    /// <summary>The reply to a command that it hasn't.</summary>
    public static Reply Unknown(string verb) =>
        NotImplemented.Contains(verb) ? new(502, "Command not implemented.") : new(500, "Unknown command.");

    /// <summary>A listing's lines for the control connection.</summary>
    public static IReadOnlyList<string> Lines(byte[] listing) => Encoding.UTF8.GetString(listing).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
}
