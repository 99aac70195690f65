using Culvert.Broker.Config;

namespace Culvert.Broker.Runtime;

/// <summary>What a new configuration changes of what runs: what stays untouched, what stops, which ports are new. Made without touching anything.</summary>
internal sealed class ReloadPlan
{
    private readonly List<(ProfileRun Run, TunnelSupervisor? Tunnel)> _stops = [];
    private readonly HashSet<string> _connected = [];
    private readonly bool _isStart;

    private ReloadPlan(bool isStart) => _isStart = isStart;

    /// <summary>The runs that go on, by the id of their profile.</summary>
    public Dictionary<string, ProfileRun> Kept { get; } = [];

    /// <summary>Local tunnels whose ports nobody in here has now: they can be opened before anything is closed.</summary>
    public List<(TunnelConfig Tunnel, ConnectionConfig Connection)> NewPorts { get; } = [];

    /// <summary>Compares.</summary>
    public static ReloadPlan Make(IReadOnlyList<ProfileRun> runs, BrokerConfig wanted, bool hasStarted)
    {
        var plan = new ReloadPlan(!hasStarted);
        foreach (var run in runs.OrderBy(run => Wishes.Hops(run.Profile.Connection)))
            plan.Judge(run, runs, wanted);
        var held = runs.SelectMany(run => run.Tunnels).ToList();
        foreach (var profile in wanted.Profiles)
        {
            var tunnels = plan.IsConnected(profile) ? profile.Connection.Tunnels : [];
            foreach (var tunnel in tunnels.Concat(wanted.StaticTunnels.Where(tunnel => tunnel.ProfileId == profile.Id).Select(tunnel => tunnel.Tunnel)))
            {
                if (tunnel.Spec.Kind == TunnelKind.Local && !held.Exists(open => open.Config.Spec.Kind == TunnelKind.Local && open.Config.Spec.ListenPort == tunnel.Spec.ListenPort))
                    plan.NewPorts.Add((tunnel, profile.Connection));
            }
        }
        return plan;
    }

    /// <summary>Whether a profile's own tunnels shall be open: it was connected, or connects at the start.</summary>
    public bool IsConnected(ProfileConfig profile) => _connected.Contains(profile.Id) || (profile.ConnectOnStartup && (_isStart || !Kept.ContainsKey(profile.Id)));

    /// <summary>Stops what isn't wanted any more. What goes through a gateway ends before it.</summary>
    public async Task StopAsync(Action<ProfileRun> stopped)
    {
        foreach (var generation in _stops.GroupBy(stop => Wishes.Hops(stop.Run.Profile.Connection)).OrderByDescending(group => group.Key))
            await Task.WhenAll(generation.Select(stop => stop.Tunnel is null ? StopAsync(stop.Run, stopped) : stop.Run.CloseAsync(stop.Tunnel))).ConfigureAwait(false);
    }

    private static async Task StopAsync(ProfileRun run, Action<ProfileRun> stopped)
    {
        await run.StopAsync().ConfigureAwait(false);
        stopped(run);
    }

    private void Judge(ProfileRun run, IReadOnlyList<ProfileRun> runs, BrokerConfig wanted)
    {
        var profile = wanted.Profiles.FirstOrDefault(profile => profile.Id == run.Profile.Id);
        if (profile is not null && run.IsConnected)
            _connected.Add(profile.Id);
        // What goes through another profile's connection depends on that one.
        var gateway = Wishes.GatewayOf(run.Profile, runs.Select(other => other.Profile));
        var newGateway = profile is null ? null : Wishes.GatewayOf(profile, wanted.Profiles);
        if (profile is null || !Sameness.AreSameLink(run.Profile, profile) || gateway?.Id != newGateway?.Id || (gateway is not null && !Kept.ContainsKey(gateway.Id)))
        {
            _stops.Add((run, null));
            return;
        }
        Kept.Add(profile.Id, run);
        foreach (var tunnel in run.Tunnels.Where(tunnel => !tunnel.IsByHand))
        {
            var same = tunnel.IsStatic
                ? wanted.StaticTunnels.Any(other => other.ProfileId == profile.Id && Sameness.AreSame(tunnel.Config, other.Tunnel))
                : profile.Connection.Tunnels.Any(other => Sameness.AreSame(tunnel.Config, other));
            if (!same)
                _stops.Add((run, tunnel));
        }
    }
}
