using System.Text;

namespace Culvert.Ftp.Wire;

/// <summary>What the relay makes of a verb (<see cref="FtpVerbs"/>). Verbs that it doesn't know are <see cref="Other"/> and pass.</summary>
internal enum VerbKind
{
    /// <summary>No verb: empty, or bytes that no verb has. Refused, because a server that trims or decodes differently might see a verb there.</summary>
    None,
    /// <summary>Known and harmless: passes.</summary>
    Plain,
    /// <summary>Unknown: passes. A 227 or 229 in answer to it is caught all the same.</summary>
    Other,
    /// <summary>USER, PASS, ACCT: who it is, and whether the server lets them in.</summary>
    Login,
    /// <summary>CWD and its like: where relative names lead.</summary>
    Directory,
    /// <summary>SITE: the server's own commands, some of which lead to another directory.</summary>
    Site,
    /// <summary>PASV.</summary>
    Pasv,
    /// <summary>EPSV (RFC 2428).</summary>
    Epsv,
    /// <summary>PORT.</summary>
    Port,
    /// <summary>EPRT (RFC 2428).</summary>
    Eprt,
    /// <summary>RETR, LIST, NLST, MLSD: bytes come from the server.</summary>
    Download,
    /// <summary>STOR, STOU, APPE: bytes go to the server.</summary>
    Upload,
    /// <summary>REST: belongs to the transfer that follows it.</summary>
    Rest,
    /// <summary>MODE: block and compressed mode keep the data connection open.</summary>
    Mode,
    /// <summary>TYPE: whether a file goes as it is.</summary>
    Type,
    /// <summary>STRU: record structure marks its end inside the data.</summary>
    Stru,
    /// <summary>ABOR, legal at any time.</summary>
    Abor,
    /// <summary>STAT without argument, legal during a transfer.</summary>
    Stat,
    /// <summary>NOOP, answered by some servers during a transfer.</summary>
    Noop,
    /// <summary>SIZE: its answer is kept to show progress.</summary>
    Size,
    /// <summary>ALLO: the size of the upload to come.</summary>
    Allo,
    /// <summary>FEAT: its answer is filtered.</summary>
    Feat,
    /// <summary>REIN: as if the session had just begun.</summary>
    Rein,
    /// <summary>HOST (RFC 7151): the virtual host that is meant.</summary>
    Host,
    /// <summary>QUIT.</summary>
    Quit,
    /// <summary>AUTH and what follows it (RFC 2228): refused, SSH encrypts.</summary>
    Security,
    /// <summary>PBSZ, PROT, CCC: without AUTH a bad sequence.</summary>
    Protection,
    /// <summary>Sets up or describes a data connection in a way that is not translated: refused.</summary>
    Untranslated,
    /// <summary>The client speaks HTTP or SSH: a browser was lured here, or a wrong port was typed. Closed.</summary>
    Foreign,
}

/// <summary>A command line, taken apart: verb and argument. Blanks and tabs before the verb, and case, make no difference.</summary>
/// <param name="Kind">What is made of it.</param>
/// <param name="Name">The verb in upper case; safe to show.</param>
/// <param name="Line">The whole line.</param>
/// <param name="Argument">What follows the blanks after the verb.</param>
internal readonly record struct FtpCommand(VerbKind Kind, string Name, FtpLine Line, ReadOnlyMemory<byte> Argument)
{
    /// <summary>The command for people. What may be a secret, or may hold one in a line that was misunderstood, isn't shown.</summary>
    public override string ToString() =>
        Argument.IsEmpty ? Name : Name is "PASS" or "ACCT" or "ADAT" or "AUTH" || Kind is VerbKind.None or VerbKind.Other ? $"{Name} ***" : $"{Name} {Display.Escape(Argument.Span)}";

    /// <summary>Takes a faultless line apart.</summary>
    public static FtpCommand Parse(FtpLine line)
    {
        // Every byte up to the blank counts as blank: a server that trims by isspace() must not find a verb that was not found here.
        var start = 0;
        var text = line.Bytes;
        while (start < text.Length && text.Span[start] <= ' ')
            start++;
        var end = start;
        while (end < text.Length && text.Span[end] > ' ')
            end++;
        var verb = text.Span[start..end];
        var rest = end;
        while (rest < text.Length && text.Span[rest] <= ' ')
            rest++;
        var argument = text[rest..];

        if (IsForeign(verb, text.Span))
            return new(VerbKind.Foreign, "(not FTP)", line, default);
        // A Telnet code in the middle (PA<IAC NOP>SV) is a verb to servers that decode Telnet everywhere, and a control byte
        // may be nothing to a server that drops those.
        var separated = end == text.Length || text.Span[end] is (byte)' ' or (byte)'\t';
        if (verb.Length is 0 or > FtpVerbs.MaxLength || !separated || !IsAlphanumeric(verb))
            return new(VerbKind.None, "(no verb)", line, default);
        var name = Encoding.ASCII.GetString(verb).ToUpperInvariant();
        var kind = FtpVerbs.Classify(name);
        // With an argument it lists files, like any command; without one it asks how the transfer goes.
        return new(kind == VerbKind.Stat && !argument.IsEmpty ? VerbKind.Plain : kind, name, line, argument);
    }

    private static bool IsAlphanumeric(ReadOnlySpan<byte> verb)
    {
        foreach (var b in verb)
        {
            if (!char.IsAsciiLetterOrDigit((char)b))
                return false;
        }
        return true;
    }

    // A page in a browser can make it POST to a port of this machine, with FTP commands in the body.
    private static bool IsForeign(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> line)
    {
        if (verb.StartsWith("SSH-"u8))
            return true;
        if (Ascii.EqualsIgnoreCase(verb, "Host:"u8))
            return true;
        return line.IndexOf(" HTTP/"u8) > 0 && Encoding.ASCII.GetString(verb).ToUpperInvariant() is
            "GET" or "POST" or "HEAD" or "PUT" or "DELETE" or "OPTIONS" or "CONNECT" or "PATCH" or "TRACE" or "PRI";
    }
}
