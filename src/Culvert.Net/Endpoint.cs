using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Culvert.Net;

/// <summary>A host and a TCP port as a person or a peer named them. A name is kept and never resolved here:
/// what <c>localhost</c> means is known only to the network that dials it.</summary>
/// <param name="Host">A host name, an IPv4 or an IPv6 literal without brackets; for a listener also empty or <c>*</c>: every address.</param>
/// <param name="Port">0 to 65535; for a listener, 0 lets the network choose.</param>
public readonly record struct Endpoint(string Host, int Port)
{
    /// <summary>The IPv4 loopback address, as text.</summary>
    public const string Loopback4 = "127.0.0.1";

    /// <summary>The IPv6 loopback address, as text.</summary>
    public const string Loopback6 = "::1";

    /// <summary>The end of a socket. An IPv4 address in IPv6 clothes (<c>::ffff:a.b.c.d</c>) is written as IPv4, so that equal means equal.</summary>
    public static Endpoint From(IPEndPoint socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        return new(Canonical(socket.Address).ToString(), socket.Port);
    }

    /// <summary>Whether the host is an IP literal, and which, in canonical form (mapped IPv4 becomes IPv4).</summary>
    public bool TryGetAddress([NotNullWhen(true)] out IPAddress? address)
    {
        // IPAddress.TryParse takes "1", "0x7f.1" and the like for IPv4; only the dotted quad is an address here.
        if (IPAddress.TryParse(Host, out address) && (address.AddressFamily != AddressFamily.InterNetwork || Host.Count(c => c == '.') == 3))
        {
            address = Canonical(address);
            return true;
        }
        address = null;
        return false;
    }

    /// <summary>Whether the host is a loopback literal. A name, even <c>localhost</c>, is not.</summary>
    public bool IsLoopback => TryGetAddress(out var address) && IPAddress.IsLoopback(address);

    /// <summary>The same host with another port.</summary>
    public Endpoint WithPort(int port) => this with { Port = port };

    /// <summary><c>host:port</c>, an IPv6 literal in brackets.</summary>
    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static IPAddress Canonical(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
