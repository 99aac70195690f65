using System.Net;
using System.Net.Sockets;
using Culvert.Ftp.Wire;
using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>What is allowed to whom. Pure: every answer follows from the arguments.</summary>
internal static class FtpPolicy
{
    /// <summary>Ports below belong to services of the system; no FTP data connection needs one (RFC 2577 §3).</summary>
    public const int LowestDataPort = 1024;

    /// <summary>May the relay connect to this address because the client's PORT or EPRT says so? Only to the client itself: anything else
    /// would make it knock on doors for strangers (bounce, RFC 2577 §2).</summary>
    /// <returns>The refusal, or null.</returns>
    public static FtpLine? RefuseActive(IPEndPoint asked, Peer client, FtpRelayOptions options)
    {
        if (!IsDataPort(asked.Port, options))
            return FtpReply.Of(504, $"Port {asked.Port} is privileged; data ports start at {LowestDataPort}.");
        if (IsNowhere(asked.Address))
            return FtpReply.Of(500, "Illegal address: it names no single host.");
        if (client.Knowledge == AddressKnowledge.Unknown || !client.Address.TryGetAddress(out var peer))
            return FtpReply.Of(500, "Illegal address: where you are isn't known here; use PASV or EPSV.");
        if (asked.Address.Equals(peer) || (IPAddress.IsLoopback(asked.Address) && IPAddress.IsLoopback(peer)))
            return null;
        return FtpReply.Of(500, $"Illegal address: {asked.Address} is not where you are connected from.");
    }

    /// <summary>May the data channel go to this port of the server? Privileged ports and the control port itself are no data ports: such a reply
    /// would use us to reach other services from inside the far network.</summary>
    public static bool AllowsServerPort(int port, Endpoint destination, FtpRelayOptions options) => IsDataPort(port, options) && port != destination.Port;

    /// <summary>May the data channel go to the address that a 227 names? Only where the user listed it: otherwise any server could make the far
    /// side connect to whatever it likes.</summary>
    public static bool AllowsServerAddress(IPAddress address, IReadOnlyList<IPNetwork> hosts) => hosts.Any(network => network.Contains(address));

    /// <summary>Does this data connection belong to the client of the control connection? On this machine the user behind the socket must be
    /// the same, because any local user can reach a loopback port; from elsewhere the address must be.</summary>
    /// <returns>Why not, or null.</returns>
    public static string? RefuseData(Peer data, Peer control)
    {
        if (control.Knowledge == AddressKnowledge.Unknown)
        {
            // Nothing is known of either: the network that accepts them has no such knowledge, and says so in the documentation.
            return data.Knowledge == AddressKnowledge.Unknown ? null : "the control connection's address isn't known";
        }
        if (data.Knowledge == AddressKnowledge.Unknown)
            return "its address isn't known";
        if (!SameHost(data.Address, control.Address))
            return $"it comes from {data.Address.Host}, the control connection from {control.Address.Host}";
        if (!control.IsLocal && !data.IsLocal)
            return null;
        if (control.Owner is null || data.Owner is null)
            return "its user can't be told";
        return data.Owner == control.Owner ? null : $"it belongs to user {data.Owner}, the control connection to {control.Owner}";
    }

    /// <summary>May this connection to a port on the far side be the server's? The port was asked for on loopback, but an sshd with
    /// <c>GatewayPorts yes</c> opens it on every address all the same: then anyone who is quick could bring a file of his own.</summary>
    /// <param name="from">Who connected.</param>
    /// <param name="at">Where the far side was asked to listen.</param>
    /// <returns>Why not, or null.</returns>
    public static string? RefuseServer(Peer from, IPAddress at)
    {
        if (!IPAddress.IsLoopback(at))
            return null;
        if (from.Knowledge == AddressKnowledge.Unknown)
            return "its address isn't known";
        return from.Address.IsLoopback ? null : $"it comes from {from.Address.Host}, and the FTP server is on the far machine itself";
    }

    /// <summary>The user who must own the socket at the client's PORT address: the one behind the control connection, where there are users.</summary>
    /// <returns>False when there must be one, and it isn't known.</returns>
    public static bool TryGetRequiredOwner(Peer control, out UserId? owner)
    {
        owner = control.IsLocal ? control.Owner : null;
        return !control.IsLocal || owner is not null;
    }

    private static bool IsDataPort(int port, FtpRelayOptions options) => port >= LowestDataPort || (options.PrivilegedDataPorts && port > 0);

    private static bool SameHost(Endpoint a, Endpoint b) => a.TryGetAddress(out var one) && b.TryGetAddress(out var other)
        ? one.Equals(other)
        : string.Equals(a.Host, b.Host, StringComparison.OrdinalIgnoreCase);

    private static bool IsNowhere(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Broadcast) || address.IsIPv6Multicast
        || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0)
        || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224);
}
