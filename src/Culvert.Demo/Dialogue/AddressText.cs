using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Culvert.Net;

namespace Culvert.Demo.Dialogue;

/// <summary>The address lines of FTP as the demo's own server and client write and read them. Written apart from Culvert.Ftp on
/// purpose: the relay between both must not be judged by its own parser.</summary>
/// <remarks>
/// <code>
/// RFC 959 §4.1.2   PORT h1,h2,h3,h4,p1,p2           227 … (h1,h2,h3,h4,p1,p2)
/// RFC 2428 §2, §3  EPRT |1 or 2|address|port|       229 … (|||port|)
/// </code>
/// </remarks>
internal static class AddressText
{
    /// <summary><c>h1,h2,h3,h4,p1,p2</c>.</summary>
    /// <param name="endpoint">An IPv4 literal and a port.</param>
    public static string Six(Endpoint endpoint) =>
        string.Create(CultureInfo.InvariantCulture, $"{endpoint.Host.Replace('.', ',')},{endpoint.Port >> 8},{endpoint.Port & 0xFF}");

    /// <summary><c>|1|127.0.0.1|port|</c> or <c>|2|::1|port|</c>.</summary>
    public static string Extended(Endpoint endpoint) =>
        string.Create(CultureInfo.InvariantCulture, $"|{(IsIPv6(endpoint) ? 2 : 1)}|{endpoint.Host}|{endpoint.Port}|");

    /// <summary>Whether the host is an IPv6 literal.</summary>
    public static bool IsIPv6(Endpoint endpoint) =>
        endpoint.TryGetAddress(out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>The argument of PORT. Six decimals from 0 to 255, nothing else.</summary>
    public static bool TryParseSix(string text, out Endpoint endpoint)
    {
        endpoint = default;
        var parts = text.Split(',');
        if (parts.Length != 6) return false;
        Span<byte> numbers = stackalloc byte[6];
        for (int i = 0; i < 6; i++)
            if (!byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])) return false;
        endpoint = Endpoint.From(new(new IPAddress(numbers[..4]), numbers[4] << 8 | numbers[5]));
        return true;
    }

    /// <summary>The argument of EPRT. The literal must be of the family that is named; names and scopes are not addresses.</summary>
    /// <param name="text">The argument.</param>
    /// <param name="endpoint">Where the client listens.</param>
    /// <param name="knownFamily">False when the form is right but the family is neither 1 nor 2 (RFC 2428 §2: 522).</param>
    public static bool TryParseExtended(string text, out Endpoint endpoint, out bool knownFamily)
    {
        endpoint = default;
        knownFamily = true;
        if (text.Length < 5 || text[0] is < '!' or > '~' || char.IsAsciiDigit(text[0])) return false;
        var parts = text.Split(text[0]);
        if (parts.Length != 5 || parts[0].Length != 0 || parts[4].Length != 0) return false;
        if (!byte.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out byte family)) return false;
        if (!ushort.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)) return false;
        knownFamily = family is 1 or 2;
        if (!knownFamily || parts[2].Contains('%', StringComparison.Ordinal) || parts[2].Contains(':', StringComparison.Ordinal) != (family == 2)) return false;
        if (!new Endpoint(parts[2], port).TryGetAddress(out var address)) return false;
        endpoint = Endpoint.From(new(address, port));
        return true;
    }

    /// <summary>The endpoint in a 227 that has the form our servers and relays give it.</summary>
    public static bool TryParsePassive(string reply, out Endpoint endpoint)
    {
        endpoint = default;
        return Bracketed(reply) is { } inner && TryParseSix(inner, out endpoint);
    }

    /// <summary>The port in a 229.</summary>
    public static bool TryParseExtendedPassive(string reply, out int port)
    {
        port = 0;
        if (Bracketed(reply) is not { Length: > 4 } inner || !inner.StartsWith("|||", StringComparison.Ordinal) || inner[^1] != '|') return false;
        if (!ushort.TryParse(inner.AsSpan(3, inner.Length - 4), NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)) return false;
        port = number;
        return port != 0;
    }

    private static string? Bracketed(string reply)
    {
        int open = reply.IndexOf('(', StringComparison.Ordinal), close = reply.LastIndexOf(')');
        return open >= 0 && close > open ? reply[(open + 1)..close] : null;
    }
}
