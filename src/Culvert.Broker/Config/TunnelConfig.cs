using Culvert.Ftp;

namespace Culvert.Broker.Config;

/// <summary>A tunnel that is wanted: where it leads, and how it behaves.</summary>
public sealed record TunnelConfig(TunnelSpec Spec)
{
    /// <summary>How FTP is relayed, when the tunnel carries it.</summary>
    public FtpRelayOptions Ftp { get; init; } = new();

    /// <summary>Keys and trust for <see cref="FtpRelayOptions.Ftps"/>.</summary>
    public FtpsConfig Ftps { get; init; } = new();

    /// <summary>The users of this machine who may connect, by name or number; null: the one who started Culvert, or every one when that is root.</summary>
    public IReadOnlyList<string>? AllowUsers { get; init; }

    /// <summary>More clients at once are refused. The default is more than any FTP user has, and fewer than an attack on descriptors needs.</summary>
    public int MaximumSessions { get; init; } = 100;

    /// <summary>More clients at once of one user of this machine, or of one address elsewhere, are refused, so that nobody can keep out the others.
    /// Null: as many as <see cref="MaximumSessions"/> where one user may enter, half of them where several may.</summary>
    public int? MaximumSessionsPerUser { get; init; }

    /// <summary>It stands in a file: when it can't be had, one warning says so, and the others go on.</summary>
    public bool IsBestEffort { get; init; }

    /// <summary>A tunnel without an address of its own listens on every address, not only on loopback (<c>-g</c>, GatewayPorts).</summary>
    public bool OpenToOthers { get; init; }

    /// <summary>Whether a local tunnel can be reached from other machines, as far as its address tells.</summary>
    public bool IsOpenToOthers => Spec.ListenHost is { } host ? !Names.IsLoopback(host) : OpenToOthers;

    /// <summary>Whether the destination is the machine at the far end itself, as far as its name tells.</summary>
    /// <param name="server">The SSH server as the user named it.</param>
    public bool EndsAtFarEnd(string server) => Spec.Type != TunnelType.Socks && (Names.IsLoopback(Spec.DestinationHost)
        || (Spec.Kind == TunnelKind.Local && string.Equals(Spec.DestinationHost, server, StringComparison.OrdinalIgnoreCase)));
}
