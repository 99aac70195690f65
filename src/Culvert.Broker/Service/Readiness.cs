using Culvert.Broker.Runtime;

namespace Culvert.Broker.Service;

/// <summary>Whether the start is over. Pure.</summary>
internal static class Readiness
{
    /// <summary>Each profile of the start is up with its ports open, or it or a port has failed and said why.</summary>
    /// <param name="runs">What runs.</param>
    /// <param name="requireAll">A failure doesn't count: all must be up.</param>
    public static bool IsReached(IReadOnlyList<ConnectionRun> runs, bool requireAll) => runs.All(run => IsReached(run, requireAll));

    private static bool IsReached(ConnectionRun run, bool requireAll)
    {
        var mine = run.Tunnels.Where(tunnel => tunnel.IsStatic || run.Profile.ConnectOnStartup).ToList();
        if (run.Profile.ConnectOnStartup && !(requireAll ? run.Link.Status.State == LinkState.Up : run.Link.Status.IsDecided))
            return false;
        // A port on the server can't be open while the link isn't up; what the link says is enough then.
        return mine.TrueForAll(tunnel => tunnel.Now.State == TunnelState.Listening
            || (!requireAll && (tunnel.Now.State == TunnelState.Failed || run.Link.Status.State != LinkState.Up)));
    }
}
