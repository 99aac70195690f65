using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Culvert.Broker.Config;

/// <summary>On which side a tunnel listens.</summary>
public enum TunnelKind
{
    /// <summary>Here; the server's side connects (<c>-L</c>).</summary>
    Local,
    /// <summary>On the server's side; we connect (<c>-R</c>).</summary>
    Remote,
}

/// <summary>What a tunnel understands of what it carries.</summary>
public enum TunnelType
{
    /// <summary>Bytes.</summary>
    Tcp,
    /// <summary>The dialogue of FTP: data connections get tunnels of their own.</summary>
    Ftp,
}

/// <summary>One forward as it is typed: <c>[ftp/|tcp/][address:]port:host:hostport</c>, an IPv6 literal in brackets.</summary>
/// <param name="Kind">Where it listens.</param>
/// <param name="Type">What it understands.</param>
/// <param name="ListenHost">The address to listen on; null when none was given (loopback), <c>*</c> for every address.</param>
/// <param name="ListenPort">0 to 65535; 0 lets the network choose.</param>
/// <param name="DestinationHost">A name or literal for the far side; a name is resolved there.</param>
/// <param name="DestinationPort">1 to 65535.</param>
public sealed record TunnelSpec(
    TunnelKind Kind, TunnelType Type, string? ListenHost, int ListenPort, string DestinationHost, int DestinationPort)
{
    /// <summary>The word for every address.</summary>
    public const string EveryAddress = "*";

    private const string Shape = "the form is [ftp/|tcp/][address:]port:host:hostport, an IPv6 address in [brackets]";

    /// <summary>Reads a forward.</summary>
    /// <exception cref="ConfigException">It can't be one; the message is OpenSSH's.</exception>
    public static TunnelSpec Parse(TunnelKind kind, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(kind, text, out var spec, out var hint)
            ? spec
            : throw new ConfigException($"Bad {(kind == TunnelKind.Local ? "local" : "remote")} forwarding specification '{text}'", hint);
    }

    /// <summary>The canonical form: parsing it again gives an equal value.</summary>
    public override string ToString()
    {
        var listen = ListenHost is null ? "" : Bracketed(ListenHost) + ":";
        var type = Type == TunnelType.Ftp ? "ftp/" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{type}{listen}{ListenPort}:{Bracketed(DestinationHost)}:{DestinationPort}");
    }

    private static bool TryParse(TunnelKind kind, string text, [NotNullWhen(true)] out TunnelSpec? spec, out string hint)
    {
        spec = null;
        hint = Shape;
        if (text.StartsWith('/'))
        {
            hint = "Unix sockets can't be forwarded; " + Shape;
            return false;
        }
        var type = TunnelType.Tcp;
        var rest = text;
        if (text.IndexOf('/', StringComparison.Ordinal) is var slash and > 0)
        {
            switch (text[..slash].ToUpperInvariant())
            {
                case "FTP": type = TunnelType.Ftp; break;
                case "TCP": break;
                default:
                    hint = "the type before the slash is ftp or tcp; " + Shape;
                    return false;
            }
            rest = text[(slash + 1)..];
        }
        if (!TrySplit(rest, out var fields))
            return false;
        if (kind == TunnelKind.Remote && fields.Count is 1 or 2 && fields.Count > 0 && Names.TryParsePort(fields[^1], 0, out _))
        {
            hint = "a SOCKS proxy on the server's side isn't offered; " + Shape;
            return false;
        }
        if (fields.Count is not (3 or 4))
            return false;

        var listenHost = fields.Count == 4 ? fields[0] : null;
        if (listenHost is "")
            listenHost = EveryAddress;
        if (listenHost is not null and not EveryAddress && !Names.IsHost(listenHost))
        {
            hint = $"'{listenHost}' can't be an address to listen on; " + Shape;
            return false;
        }
        if (!Names.TryParsePort(fields[^3], 0, out var listenPort))
        {
            hint = $"'{fields[^3]}' isn't a port from 0 to 65535 (0 lets the system choose)";
            return false;
        }
        if (!Names.IsHost(fields[^2]))
        {
            hint = $"'{fields[^2]}' can't be a host; " + Shape;
            return false;
        }
        if (!Names.TryParsePort(fields[^1], 1, out var destinationPort))
        {
            hint = $"'{fields[^1]}' isn't a port from 1 to 65535";
            return false;
        }
        spec = new TunnelSpec(kind, type, listenHost, listenPort, fields[^2], destinationPort);
        return true;
    }

    // Fields between colons; one in brackets may hold colons, and ends with its bracket.
    private static bool TrySplit(string text, out List<string> fields)
    {
        fields = [];
        var at = 0;
        while (true)
        {
            int end;
            if (at < text.Length && text[at] == '[')
            {
                var close = text.IndexOf(']', at);
                if (close <= at + 1 || (close + 1 < text.Length && text[close + 1] != ':'))
                    return false;
                fields.Add(text[(at + 1)..close]);
                end = close + 1;
            }
            else
            {
                end = text.IndexOf(':', at);
                end = end < 0 ? text.Length : end;
                fields.Add(text[at..end]);
            }
            if (end == text.Length)
                return true;
            at = end + 1;
        }
    }

    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
}
