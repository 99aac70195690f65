namespace Culvert.Broker.Config;

/// <summary>Tunnels that lead back to themselves: one connection to such a port would open another, and that one the next, until a limit stops them.
/// Seen before anything is connected, as far as names tell. Pure.</summary>
internal static class Rings
{
    /// <summary>The first tunnel whose port is reached again from its own destination, by itself or through others; null when there's none.</summary>
    public static TunnelConfig? Find(ConnectionConfig config)
    {
        var serverIsHere = Names.IsLoopback(config.ConnectHost) || config.ConnectHost.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase);
        return config.Tunnels.FirstOrDefault(first =>
        {
            var (seen, next) = (new HashSet<TunnelConfig>(ReferenceEqualityComparer.Instance), first);
            while (next is not null && seen.Add(next))
                next = Behind(next);
            return next == first;
        });

        // The tunnel whose port the destination is.
        TunnelConfig? Behind(TunnelConfig tunnel) => !tunnel.EndsAtFarEnd(config.Host) ? null
            : config.Tunnels.FirstOrDefault(other => other.Spec.ListenPort == tunnel.Spec.DestinationPort && tunnel.Spec.DestinationPort != 0
                && (serverIsHere || other.Spec.Kind != tunnel.Spec.Kind));
    }
}
