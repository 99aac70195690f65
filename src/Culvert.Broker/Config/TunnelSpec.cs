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
    /// <summary>The request of SOCKS, which says where to; then bytes.</summary>
    Socks,
}

/// <summary>One forward as it is typed: <c>[ftp/|tcp/][address:]port:host:hostport</c> or <c>socks/[address:]port</c>, an IPv6 literal in brackets.</summary>
/// <param name="Kind">Where it listens.</param>
/// <param name="Type">What it understands.</param>
/// <param name="ListenHost">The address to listen on; null when none was given (loopback), <c>*</c> for every address.</param>
/// <param name="ListenPort">0 to 65535; 0 lets the network choose.</param>
/// <param name="DestinationHost">A name or literal for the far side; a name is resolved there. Empty for SOCKS: each client says its own.</param>
/// <param name="DestinationPort">1 to 65535; 0 for SOCKS.</param>
public sealed record TunnelSpec(
    TunnelKind Kind, TunnelType Type, string? ListenHost, int ListenPort, string DestinationHost, int DestinationPort)
{
    /// <summary>The word for every address.</summary>
    public const string EveryAddress = "*";

    private const string Shape = "the form is [ftp/|tcp/][address:]port:host:hostport, an IPv6 address in [brackets]";
    private const string SocksShape = "the form is [address:]port, an IPv6 address in [brackets]";

    /// <summary>A port to which each client says in SOCKS where it wants to go.</summary>
    public static TunnelSpec Socks(TunnelKind kind, string? listenHost, int listenPort) => new(kind, TunnelType.Socks, listenHost, listenPort, "", 0);

    /// <summary>Reads a forward.</summary>
    /// <exception cref="ConfigException">It can't be one; the message is OpenSSH's.</exception>
    public static TunnelSpec Parse(TunnelKind kind, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(kind, text, out var spec, out var hint)
            ? spec
            : throw new ConfigException($"Bad {(kind == TunnelKind.Local ? "local" : "remote")} forwarding specification '{text}'", hint);
    }

    /// <summary>Reads a SOCKS port: <c>[address:]port</c> (<c>-D</c>).</summary>
    /// <exception cref="ConfigException">It can't be one; the message is OpenSSH's.</exception>
    public static TunnelSpec ParseDynamic(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var hint = SocksShape;
        return TrySplit(text, out var fields) && TryReadSocks(TunnelKind.Local, fields, out var spec, ref hint)
            ? spec
            : throw new ConfigException($"Bad dynamic forwarding specification '{text}'", text.Contains('/', StringComparison.Ordinal) ? "Unix sockets can't be forwarded; " + SocksShape : hint);
    }

    /// <summary>Reads the destination of a single connection: <c>host:port</c> (<c>-W</c>).</summary>
    /// <exception cref="ConfigException">It can't be one; the message is OpenSSH's.</exception>
    public static Culvert.Net.Endpoint ParseStdio(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TrySplit(text, out var fields) && fields.Count == 2 && Names.IsHost(fields[0]) && Names.TryParsePort(fields[1], 1, out var port)
            ? new Culvert.Net.Endpoint(fields[0], port)
            : throw new ConfigException($"Bad stdio forwarding specification '{text}'", "the form is host:port, an IPv6 address in [brackets]");
    }

    /// <summary>The canonical form: parsing it again gives an equal value.</summary>
    public override string ToString()
    {
        var listen = ListenHost is null ? "" : Bracketed(ListenHost) + ":";
        if (Type == TunnelType.Socks)
            return string.Create(CultureInfo.InvariantCulture, $"socks/{listen}{ListenPort}");
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
                case "SOCKS": type = TunnelType.Socks; break;
                default:
                    hint = "the type before the slash is ftp, tcp or socks; " + Shape;
                    return false;
            }
            rest = text[(slash + 1)..];
        }
        if (!TrySplit(rest, out var fields))
            return false;
        // As OpenSSH has it, a remote port without a destination is a SOCKS proxy there.
        if (type == TunnelType.Socks || (kind == TunnelKind.Remote && rest == text && fields.Count < 3))
        {
            hint = "for SOCKS " + SocksShape;
            return TryReadSocks(kind, fields, out spec, ref hint);
        }
        if (fields.Count is not (3 or 4) || !TryReadListen(fields.Count == 4 ? fields[0] : null, fields[^3], out var listenHost, out var listenPort, ref hint))
            return false;
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

    private static bool TryReadSocks(TunnelKind kind, List<string> fields, [NotNullWhen(true)] out TunnelSpec? spec, ref string hint)
    {
        spec = fields.Count is 1 or 2 && TryReadListen(fields.Count == 2 ? fields[0] : null, fields[^1], out var host, out var port, ref hint) ? Socks(kind, host, port) : null;
        return spec is not null;
    }

    private static bool TryReadListen(string? hostText, string portText, out string? host, out int port, ref string hint)
    {
        host = hostText is "" ? EveryAddress : hostText;
        if (!Names.TryParsePort(portText, 0, out port))
        {
            hint = $"'{portText}' isn't a port from 0 to 65535 (0 lets the system choose)";
            return false;
        }
        if (host is null or EveryAddress || Names.IsHost(host))
            return true;
        hint = $"'{host}' can't be an address to listen on; {Shape}";
        return false;
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
