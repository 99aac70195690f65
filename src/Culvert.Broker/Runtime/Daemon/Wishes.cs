using Culvert.Broker.Config;

namespace Culvert.Broker.Runtime;

/// <summary>Whether a configuration can be meant, as far as that can be told before anything is opened. Pure but for the names of this machine's users.</summary>
internal static class Wishes
{
    /// <summary>Checks all of it.</summary>
    /// <exception cref="ConfigException">Some can't; every mistake has a line.</exception>
    public static void Check(BrokerConfig config)
    {
        var mistakes = new List<string>();
        foreach (var twice in config.Profiles.GroupBy(profile => profile.Id).Where(group => group.Count() > 1))
            mistakes.Add($"profile {twice.Key}: there are {twice.Count()} of that id");
        foreach (var profile in config.Profiles)
        {
            foreach (var tunnel in profile.Connection.Tunnels)
                Check(tunnel, profile, mistakes);
            if (Rings.Find(profile.Connection) is { } ring)
                mistakes.Add($"profile {profile.Id}: the tunnel {ring.Spec} leads back to its own port");
        }
        foreach (var tunnel in config.StaticTunnels)
        {
            if (config.Profiles.FirstOrDefault(profile => profile.Id == tunnel.ProfileId) is { } profile)
                Check(tunnel.Tunnel, profile, mistakes);
            else
                mistakes.Add($"tunnel {tunnel.Tunnel.Spec}: there is no profile {tunnel.ProfileId}");
        }
        // Profiles that nobody connects at the same time may use the same port; those of the start can't.
        var local = config.Profiles.Where(profile => profile.ConnectOnStartup).SelectMany(profile => profile.Connection.Tunnels).Concat(config.StaticTunnels.Select(tunnel => tunnel.Tunnel))
            .Where(tunnel => tunnel.Spec is { Kind: TunnelKind.Local, ListenPort: > 0 });
        foreach (var port in local.GroupBy(tunnel => (tunnel.Spec.ListenHost, tunnel.Spec.ListenPort)).Where(group => group.Count() > 1))
            mistakes.Add(FormattableString.Invariant($"{port.Count()} tunnels listen on port {port.Key.ListenPort}"));
        if (mistakes.Count > 0)
            throw new ConfigException(mistakes);
    }

    /// <summary>Checks one tunnel.</summary>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    public static void Check(TunnelConfig tunnel, ConnectionConfig connection)
    {
        _ = TunnelAssembly.AdmissionFor(tunnel);
        FtpSessions.Check(tunnel, connection.Host);
    }

    /// <summary>The profile whose connection another one goes through; null: none of these. Nobody shares an exclusive one: who goes through it makes its own.</summary>
    public static ProfileConfig? GatewayOf(ProfileConfig profile, IEnumerable<ProfileConfig> all) =>
        profile.Connection.Via is { } via ? all.FirstOrDefault(other => !other.ExclusiveConnection && Sameness.AreSameLink(other.Connection, via)) : null;

    /// <summary>How many connections one goes through.</summary>
    public static int Hops(ConnectionConfig connection) => connection.Via is { } via ? 1 + Hops(via) : 0;

    private static void Check(TunnelConfig tunnel, ProfileConfig profile, List<string> mistakes)
    {
        try
        {
            Check(tunnel, profile.Connection);
        }
        catch (ConfigException e)
        {
            mistakes.AddRange(e.Lines.Select(line => $"profile {profile.Id}: tunnel {tunnel.Spec}: {line}"));
        }
    }
}
