using Culvert.Broker.Config;

namespace Culvert.Broker.Runtime;

/// <summary>What a new configuration changes of what runs: what stays untouched, what stops, which ports are new. Made without touching anything.</summary>
internal sealed class ReloadPlan
{
    private readonly List<(ConnectionRun Run, TunnelSupervisor? Tunnel)> _stops = [];
    private readonly HashSet<string> _connected = [];
    private readonly HashSet<string> _known = [];
    private readonly bool _isStart;

    private ReloadPlan(bool isStart) => _isStart = isStart;

    /// <summary>The runs that go on, also those that nobody's file wants.</summary>
    public Dictionary<LinkKey, ConnectionRun> Kept { get; } = [];

    /// <summary>Local tunnels whose ports nobody in here has now: they can be opened before anything is closed.</summary>
    public List<(TunnelConfig Tunnel, ConnectionConfig Connection)> NewPorts { get; } = [];

    /// <summary>Compares.</summary>
    public static ReloadPlan Make(IReadOnlyList<ConnectionRun> runs, BrokerConfig wanted, bool hasStarted)
    {
        var plan = new ReloadPlan(!hasStarted);
        var links = WantedLink.Of(wanted).ToDictionary(link => link.Key);
        foreach (var run in runs.OrderBy(run => Wishes.Hops(run.Profile.Connection)))
            plan.Judge(run, runs, wanted, links);
        var held = runs.SelectMany(run => run.Tunnels).ToList();
        foreach (var link in links.Values)
        {
            var tunnels = plan.IsConnected(link.Profile) ? link.Own.Concat(link.Static) : link.Static;
            foreach (var tunnel in tunnels)
            {
                if (tunnel.Spec.Kind == TunnelKind.Local && !held.Exists(open => open.Config.Spec.Kind == TunnelKind.Local && open.Config.Spec.ListenPort == tunnel.Spec.ListenPort))
                    plan.NewPorts.Add((tunnel, link.Profile.Connection));
            }
        }
        return plan;
    }

    /// <summary>Whether a profile's own tunnels shall be open: it was connected, or connects at the start.</summary>
    public bool IsConnected(ProfileConfig profile) => _connected.Contains(profile.Id) || (profile.ConnectOnStartup && (_isStart || !_known.Contains(profile.Id)));

    /// <summary>Stops what isn't wanted any more. What goes through a gateway ends before it.</summary>
    public async Task StopAsync(Action<ConnectionRun> stopped)
    {
        foreach (var generation in _stops.GroupBy(stop => Wishes.Hops(stop.Run.Profile.Connection)).OrderByDescending(group => group.Key))
            await Task.WhenAll(generation.Select(stop => stop.Tunnel is null ? StopAsync(stop.Run, stopped) : stop.Run.CloseAsync(stop.Tunnel))).ConfigureAwait(false);
    }

    private static async Task StopAsync(ConnectionRun run, Action<ConnectionRun> stopped)
    {
        await run.StopAsync().ConfigureAwait(false);
        stopped(run);
    }

    private void Judge(ConnectionRun run, IReadOnlyList<ConnectionRun> runs, BrokerConfig wanted, Dictionary<LinkKey, WantedLink> links)
    {
        var profile = run.Key.Origin == LinkOrigin.Server ? run.Profile : wanted.Profiles.FirstOrDefault(profile => profile.Id == run.Profile.Id);
        if (profile is not null && run.IsConnected)
            _connected.Add(profile.Id);
        var canStay = profile is not null && CanStay(run, profile, runs, wanted);
        if (canStay)
            _known.Add(profile!.Id);
        if (!canStay || (run.Key.Origin == LinkOrigin.Configuration && !links.ContainsKey(run.Key)))
        {
            _stops.Add((run, null));
            return;
        }
        Kept.Add(run.Key, run);
        if (!links.TryGetValue(run.Key, out var link))
            return;
        foreach (var tunnel in run.Tunnels.Where(tunnel => !tunnel.IsByHand))
        {
            if (!(tunnel.IsStatic ? link.Static : link.Own).Any(other => Sameness.AreSame(tunnel.Config, other)))
                _stops.Add((run, tunnel));
        }
    }

    // The same connection would be made, and over the same gateway, which stays itself.
    private bool CanStay(ConnectionRun run, ProfileConfig profile, IReadOnlyList<ConnectionRun> runs, BrokerConfig wanted)
    {
        var gateway = Wishes.GatewayOf(run.Profile, runs.Where(other => other.CanBeGateway).Select(other => other.Profile));
        return Sameness.AreSameLink(run.Profile, profile) && gateway?.Id == Wishes.GatewayOf(profile, wanted.Profiles)?.Id && (gateway is null || Kept.ContainsKey(new LinkKey(gateway.Id)));
    }
}
