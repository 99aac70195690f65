using Culvert.Broker.Config;

namespace Culvert.Broker.Runtime;

/// <summary>Where the wish for a connection comes from.</summary>
internal enum LinkOrigin
{
    /// <summary>The configuration: a reload decides about it.</summary>
    Configuration,
    /// <summary>Somebody opened a tunnel of a profile whose tunnels each have a connection of their own.</summary>
    ByHand,
    /// <summary>Somebody opened a tunnel to a server that no profile names.</summary>
    Server,
}

/// <summary>Which connection carries a tunnel: what has the same key goes through one connection, what hasn't never does. Usually that's the profile; where connections
/// are exclusive, it's the profile and the tunnel. Immutable.</summary>
/// <param name="Profile">The profile's id.</param>
/// <param name="Tunnel">The only tunnel that it carries; null: any of the profile's.</param>
/// <param name="Origin">Who wants it.</param>
internal sealed record LinkKey(string Profile, TunnelConfig? Tunnel = null, LinkOrigin Origin = LinkOrigin.Configuration)
{
    /// <summary>The key under which a tunnel of a profile goes.</summary>
    public static LinkKey Of(ProfileConfig profile, TunnelConfig? tunnel, LinkOrigin exclusive = LinkOrigin.Configuration) =>
        profile.ExclusiveConnection && tunnel is not null ? new(profile.Id, tunnel, exclusive) : new(profile.Id);

    /// <summary>Whether two mean one connection. Tunnels are compared by what they say: two readings of one file make two records.</summary>
    public bool Equals(LinkKey? other) => other is not null && Profile == other.Profile && Origin == other.Origin && (Tunnel, other.Tunnel) switch
    {
        (null, null) => true,
        ({ } mine, { } others) => Sameness.AreSame(mine, others),
        _ => false,
    };

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Profile, Origin, Tunnel?.Spec);
}

/// <summary>A connection that a configuration wants, and the tunnels on it. Immutable.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Profile">Where it leads.</param>
/// <param name="Own">Tunnels that open when the profile is connected.</param>
/// <param name="Static">Tunnels that listen in any case.</param>
internal sealed record WantedLink(LinkKey Key, ProfileConfig Profile, IReadOnlyList<TunnelConfig> Own, IReadOnlyList<TunnelConfig> Static)
{
    /// <summary>All of a configuration, in its order. Pure. A profile without tunnels has one too: somebody may want to open some, or go through it.</summary>
    public static IReadOnlyList<WantedLink> Of(BrokerConfig config) => [.. config.Profiles.SelectMany(profile =>
        Of(profile, [.. config.StaticTunnels.Where(tunnel => tunnel.ProfileId == profile.Id).Select(tunnel => tunnel.Tunnel)]))];

    private static IEnumerable<WantedLink> Of(ProfileConfig profile, IReadOnlyList<TunnelConfig> statics)
    {
        var own = profile.Connection.Tunnels;
        return own.Concat(statics).Select(tunnel => LinkKey.Of(profile, tunnel)).Distinct().DefaultIfEmpty(LinkKey.Of(profile, null)).Select(key => new WantedLink(
            key, profile, [.. own.Where(tunnel => LinkKey.Of(profile, tunnel) == key)], [.. statics.Where(tunnel => LinkKey.Of(profile, tunnel) == key)]));
    }
}
