using System.Buffers;

namespace Culvert.Broker.Config;

/// <summary>What may be a host or a user. Both can end up in a shell's hands one day (ProxyCommand, the user's own <c>ssh</c>), so they are
/// checked where they enter, once.</summary>
internal static class Names
{
    /// <summary>RFC 1035 §2.3.4 allows 253 characters of text; a literal with a scope fits easily.</summary>
    private const int LongestHost = 253;

    /// <summary>Longer than any system's user name, shorter than an attack on a log.</summary>
    private const int LongestUser = 255;

    // What a host name or an address literal is made of; letters beyond ASCII are for internationalised names.
    private static readonly SearchValues<char> HostPunctuation = SearchValues.Create(".-_:%");

    // What a shell gives a meaning to. A backslash stays: it separates a domain from its user.
    private static readonly SearchValues<char> ShellMeaning = SearchValues.Create("'`\"$;&<>|(){}*?!#~");

    /// <summary>Whether the text can name a host: letters, digits and <c>. - _ : %</c>, not beginning with <c>-</c>.</summary>
    public static bool IsHost(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > LongestHost || text[0] == '-')
            return false;
        foreach (var c in text)
        {
            if (!char.IsLetterOrDigit(c) && !HostPunctuation.Contains(c))
                return false;
        }
        return true;
    }

    /// <summary>Whether the text can name a host's key: a host, or <c>[host]:port</c> as known_hosts writes it.</summary>
    public static bool IsHostKey(ReadOnlySpan<char> text)
    {
        var close = text.IndexOf("]:");
        return close > 0 && text[0] == '[' ? IsHost(text[1..close]) && TryParsePort(text[(close + 2)..], 1, out _) : IsHost(text);
    }

    /// <summary>Whether the host is the machine that connects to it.</summary>
    public static bool IsLoopback(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || new Culvert.Net.Endpoint(host, 0).IsLoopback;

    /// <summary>Whether the text can name a user: no control character, no blank, nothing that a shell gives a meaning to, no <c>-</c> first
    /// and no backslash last.</summary>
    public static bool IsUser(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > LongestUser || text[0] == '-' || text[^1] == '\\' || text.ContainsAny(ShellMeaning))
            return false;
        foreach (var c in text)
        {
            if (char.IsControl(c) || char.IsWhiteSpace(c))
                return false;
        }
        return true;
    }

    /// <summary>A port in decimal digits, without sign or blanks.</summary>
    public static bool TryParsePort(ReadOnlySpan<char> text, int lowest, out int port)
    {
        port = 0;
        if (text.IsEmpty || text.Length > 5)
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
                return false;
            port = port * 10 + (c - '0');
        }
        return port >= lowest && port <= 65535;
    }
}
