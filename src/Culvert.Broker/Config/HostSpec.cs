using System.Globalization;
using System.Net;

namespace Culvert.Broker.Config;

/// <summary>The SSH server as it is typed: <c>[user@]host[#port]</c> or <c>ssh://[user@]host[:port]</c>.</summary>
/// <param name="User">Whom to log in as; null when not said.</param>
/// <param name="Host">A name or a literal, without brackets.</param>
/// <param name="Port">1 to 65535; null when not said.</param>
public sealed record HostSpec(string? User, string Host, int? Port)
{
    private const string Scheme = "ssh://";
    private const string Shape = "the form is [user@]host[#port] or ssh://[user@]host[:port]";

    /// <summary>Reads a destination.</summary>
    /// <exception cref="ConfigException">It can't be one, or holds what a shell would give a meaning to.</exception>
    public static HostSpec Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? Read(text, text[Scheme.Length..].TrimEnd('/'), ':', Uri.UnescapeDataString)
            : Read(text, text, '#', user => user);
    }

    /// <summary>The canonical form: parsing it again gives an equal value.</summary>
    public override string ToString()
    {
        var user = User is null ? "" : User + "@";
        return Port is { } port ? string.Create(CultureInfo.InvariantCulture, $"{user}{Host}#{port}") : user + Host;
    }

    private static HostSpec Read(string whole, string text, char portMark, Func<string, string> decodeUser)
    {
        string? user = null;
        // The last @ separates: a user name may hold one (user@domain@host).
        if (text.LastIndexOf('@') is var at and >= 0)
        {
            user = decodeUser(text[..at]);
            text = text[(at + 1)..];
            if (!Names.IsUser(user))
                throw new ConfigException("remote username contains invalid characters", $"'{user}' can't be a user name; {Shape}");
        }
        string host;
        string? portText = null;
        if (text.StartsWith('['))
        {
            var close = text.IndexOf(']', StringComparison.Ordinal);
            if (close < 0)
                throw Bad(whole);
            host = text[1..close];
            var rest = text[(close + 1)..];
            if (rest.Length > 0)
                portText = rest[0] == portMark ? rest[1..] : throw Bad(whole);
        }
        else if (text.LastIndexOf(portMark) is var mark and >= 0)
        {
            host = text[..mark];
            portText = text[(mark + 1)..];
        }
        else
        {
            host = text;
        }
        if (host.Contains(':', StringComparison.Ordinal) && !IPAddress.TryParse(host, out _))
        {
            throw new ConfigException(
                $"Bad destination '{whole}'", "a port is written host#port, -p port or ssh://host:port; a colon belongs to an IPv6 address");
        }
        if (!Names.IsHost(host))
            throw new ConfigException("hostname contains invalid characters", $"'{host}' can't be a host; {Shape}");
        if (portText is null)
            return new HostSpec(user, host, null);
        return Names.TryParsePort(portText, 1, out var port)
            ? new HostSpec(user, host, port)
            : throw new ConfigException($"Bad port '{portText}'", "a port is a number from 1 to 65535");
    }

    private static ConfigException Bad(string whole) => new($"Bad destination '{whole}'", Shape);
}
