using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime.Upkeep;

namespace Culvert.Broker.Runtime;

/// <summary>The broker: makes what runs agree with what is wanted. There is one way in for wishes, <see cref="ApplyAsync"/>: the start is a wish against nothing, a reload
/// a wish against what runs, the stop a wish for nothing. What both sides have in common is not touched. Thread-safe; wishes are carried out one after the other, and one
/// that comes after the stop fails with a <see cref="BrokerException"/>.</summary>
/// <remarks>A profile is one <see cref="ConnectionRun"/> (its link, and the tunnels on it) or, where its connections are exclusive, one for each tunnel: the
/// <see cref="LinkKey"/> says what goes together. A link is held up while its profile is connected or anything is open through it.
/// Ports stand on a network that outlives the link, so they stay open over a loss.</remarks>
internal sealed class BrokerDaemon : IAsyncDisposable
{
    private readonly BrokerServices _services;
    private readonly SpareMemory _spare;
    private readonly Func<ProfileConfig, BrokerServices, LinkConnector> _connector;
    private readonly SemaphoreSlim _turn = new(1, 1); // never disposed of: a wish may come late
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlyList<ConnectionRun> _runs = [];
    private volatile BrokerConfig _config = new();
    private bool _hasStarted;
    private bool _isStopping;

    /// <param name="services">This machine, and who hears of what happens; its <see cref="BrokerServices.Ask"/> isn't used.</param>
    /// <param name="sink">Hears of every event.</param>
    /// <param name="connector">Makes connections; null: over SSH.</param>
    /// <param name="questions">Where questions wait; null: one that waits as long as sshd does.</param>
    public BrokerDaemon(BrokerServices services, Action<AuditEvent> sink, Func<ProfileConfig, BrokerServices, LinkConnector>? connector = null, QuestionDesk? questions = null)
    {
        _spare = new(services.Time);
        Activity = new Activity(services.Time, sink);
        Keys = new KeyRing(services.Time, Activity.NextId);
        _services = services with { Spare = _spare, Keys = Keys };
        Questions = questions ?? new QuestionDesk(services.Time, QuestionDesk.DefaultLimit, question => Activity.Happened(
            AuditNames.QuestionAsked, AuditSeverity.Notice, ("profile", question.Profile), ("question", question.Id), ("kind", LinkWords.Of(question.Question.Kind))));
        _connector = connector ?? SshConnector.Of;
        Started = services.Time.GetUtcNow();
        Activity.Meters.Observe(() => _runs.GroupBy(run => run.Profile.Id).Select(profile => (profile.Key, profile.Sum(run => run.Channels.Received), profile.Sum(run => run.Channels.Sent))));
    }

    /// <summary>What goes on.</summary>
    public Activity Activity { get; }

    /// <summary>This machine.</summary>
    public BrokerServices Services => _services;

    /// <summary>Keys that somebody gave it.</summary>
    public KeyRing Keys { get; }

    /// <summary>What is asked.</summary>
    public QuestionDesk Questions { get; }

    /// <summary>What is wanted now.</summary>
    public BrokerConfig Config => _config;

    /// <summary>Since when it runs.</summary>
    public DateTimeOffset Started { get; }

    /// <summary>What runs, in the order of the configuration.</summary>
    public IReadOnlyList<ConnectionRun> Runs => _runs;

    /// <summary>Whether the end cut something that ran. Known when it's over.</summary>
    public bool HasCut { get; private set; }

    /// <summary>Every tunnel.</summary>
    public IEnumerable<TunnelSupervisor> Tunnels => _runs.SelectMany(run => run.Tunnels);

    /// <summary>Faults when something in here is broken; otherwise never completes.</summary>
    public Task Broken => _broken.Task;

    /// <summary>Makes what runs agree with <paramref name="wanted"/>: all of it, or nothing.</summary>
    /// <exception cref="ConfigException">It can't be meant, all mistakes in one; nothing has changed.</exception>
    /// <exception cref="BrokerException">A port can't be had; nothing has changed. Not at the start: there the tunnel is told to have failed, and tried again.</exception>
    public async Task ApplyAsync(BrokerConfig wanted, CancellationToken cancellationToken)
    {
        Wishes.Check(wanted);
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var plan = ReloadPlan.Make(_runs, wanted, _hasStarted);
            var ports = _hasStarted ? await OpenAheadAsync(plan, cancellationToken).ConfigureAwait(false) : [];
            // From here on nothing can fail.
            await plan.StopAsync(stopped => Activity.Meters.LinkRemoved(stopped.Link.Status)).ConfigureAwait(false);
            var links = WantedLink.Of(wanted);
            var runs = new Dictionary<LinkKey, ConnectionRun>();
            // A gateway comes before what goes through it.
            foreach (var link in links.OrderBy(link => Wishes.Hops(link.Profile.Connection)))
            {
                var run = plan.Kept.GetValueOrDefault(link.Key) ?? Add(link.Key, link.Profile, runs.Values);
                run.Profile = link.Profile;
                runs.Add(link.Key, run);
            }
            foreach (var link in links)
                Bring(runs[link.Key], link, plan.IsConnected(link.Profile), ports);
            _runs = [.. links.Select(link => runs[link.Key]), .. plan.Kept.Values.Where(run => run.Key.Origin != LinkOrigin.Configuration)];
            (_config, _hasStarted) = (wanted, true);
            WatchHealth();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Connects a profile, and opens its tunnels.</summary>
    /// <returns>Its connections; none when there's no profile of that name.</returns>
    public async Task<IReadOnlyList<ConnectionRun>> ConnectAsync(string idOrName, CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var runs = FindAll(idOrName);
            foreach (var run in runs.Concat(runs.SelectMany(GatewaysOf)).Distinct().ToList())
                run.Link.RetryNow(alsoFailed: true);
            foreach (var link in WantedLink.Of(_config))
            {
                if (runs.FirstOrDefault(run => run.Key == link.Key) is { } run)
                    Bring(run, link, isConnected: true, []);
            }
            WatchHealth();
            return runs;
        }
        finally
        {
            _turn.Release();
        }
    }

    // What a connection goes through is wanted with it, also when somebody had closed it.
    private IEnumerable<ConnectionRun> GatewaysOf(ConnectionRun run)
    {
        for (var profile = run.Profile; Wishes.GatewayOf(profile, _config.Profiles) is { } gateway; profile = gateway)
        {
            foreach (var one in FindAll(gateway.Id))
                yield return one;
        }
    }

    /// <summary>Closes a profile's connections and the tunnels that opened with them, until somebody connects it again.</summary>
    /// <returns>Whether there is such a profile.</returns>
    public Task<bool> DisconnectAsync(string idOrName, CancellationToken cancellationToken) => DisconnectAsync(() => FindAll(idOrName), cancellationToken);

    /// <summary>Closes one connection likewise.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="cancellationToken">Gives up waiting for its turn.</param>
    /// <returns>Whether there is such a connection.</returns>
    public Task<bool> CloseConnectionAsync(long id, CancellationToken cancellationToken) => DisconnectAsync(() => [.. _runs.Where(run => run.Id == id)], cancellationToken);

    /// <summary>Opens a tunnel that's in no file, over a profile's connection. Returns when its port is open.</summary>
    /// <returns>It; null when there's no such profile.</returns>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    /// <exception cref="BrokerException">Its port can't be had, or it's open already.</exception>
    public async Task<TunnelSupervisor?> OpenTunnelAsync(string idOrName, TunnelConfig tunnel, CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var profile = _config.Profiles.FirstOrDefault(profile => profile.Id == idOrName) ?? _config.Profiles.FirstOrDefault(profile => profile.Name == idOrName);
            return profile is null ? null : await OpenTunnelAsync(LinkKey.Of(profile, tunnel, LinkOrigin.ByHand), profile, tunnel, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Opens a tunnel over a connection to a server that no profile names. It stays as long as such a tunnel is open.</summary>
    /// <returns>It.</returns>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    /// <exception cref="BrokerException">Its port can't be had, or it's open already.</exception>
    public async Task<TunnelSupervisor> OpenTunnelAsync(ProfileConfig server, TunnelConfig tunnel, CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await OpenTunnelAsync(new LinkKey(server.Id, null, LinkOrigin.Server), server, tunnel, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes a tunnel: its port at once, its sessions within their grace. A connection that was for it alone ends too.</summary>
    /// <returns>Whether there is one.</returns>
    public async Task<bool> CloseTunnelAsync(long id, CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var run in _runs)
            {
                if (run.Tunnels.FirstOrDefault(tunnel => tunnel.Id == id) is not { } tunnel)
                    continue;
                await run.CloseAsync(tunnel).ConfigureAwait(false);
                if (run.Key.Tunnel is not null || (run.Key.Origin == LinkOrigin.Server && !run.Tunnels.Any()))
                    await EndAsync(run).ConfigureAwait(false);
                return true;
            }
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Cuts a client off: its connection is reset, and what it had running.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>Whether it was there.</returns>
    public bool CutClient(long id) =>
        Activity.Clients.FirstOrDefault(client => client.Id == id) is { } client && Tunnels.FirstOrDefault(tunnel => tunnel.Id == client.Tunnel)?.Cut(client.Peer) == true;

    /// <summary>Tries everything now that waits to be tried.</summary>
    /// <param name="alsoFailed">Also what has failed for good: somebody asked for it.</param>
    public void RetryNow(bool alsoFailed)
    {
        foreach (var run in _runs)
        {
            run.Link.RetryNow(alsoFailed && run.Link.Status.State != LinkState.Disabled);
            foreach (var tunnel in run.Tunnels)
                tunnel.RetryNow();
        }
    }

    /// <summary>The first connection of the profile of an id or, when there's none, of a name.</summary>
    public ConnectionRun? Find(string idOrName) =>
        _runs.FirstOrDefault(run => run.Profile.Id == idOrName) ?? _runs.FirstOrDefault(run => run.Profile.Name == idOrName);

    /// <summary>All connections of such a profile.</summary>
    public IReadOnlyList<ConnectionRun> FindAll(string idOrName) => Find(idOrName) is { } first ? [.. _runs.Where(run => run.Profile.Id == first.Profile.Id)] : [];

    /// <summary>Ends all: ports at once, sessions within their grace, then the links.</summary>
    /// <exception cref="Exception">A defect; all the same, all has ended.</exception>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        var isFirst = !_isStopping;
        _isStopping = true;
        // Nobody waits for the end but who asked for it: wishes fail from here on.
        _turn.Release();
        if (!isFirst)
            return;
        var tunnels = Tunnels.ToList();
        var ending = new Ending();
        // A gateway ends after what goes through it.
        foreach (var generation in _runs.GroupBy(run => Wishes.Hops(run.Profile.Connection)).OrderByDescending(group => group.Key))
            await ending.TakeAsync(() => new(Task.WhenAll(generation.Select(run => run.StopAsync())))).ConfigureAwait(false);
        HasCut = tunnels.Exists(tunnel => tunnel.CutAtStop > 0);
        _runs = [];
        ending.Take(Activity.Meters.Dispose);
        ending.Take(Keys.Dispose);
        await ending.TakeAsync(_spare.DisposeAsync).ConfigureAwait(false);
        ending.Complete();
    }

    private async Task TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!_isStopping)
            return;
        _turn.Release();
        throw new BrokerException(Message.Error("The broker is stopping.", null));
    }

    private async Task<Dictionary<TunnelConfig, OpenPort>> OpenAheadAsync(ReloadPlan plan, CancellationToken cancellationToken)
    {
        var ports = new Dictionary<TunnelConfig, OpenPort>(ReferenceEqualityComparer.Instance);
        try
        {
            foreach (var (tunnel, connection) in plan.NewPorts)
                ports.Add(tunnel, await TunnelAssembly.OpenHereAsync(tunnel, connection, _services, cancellationToken).ConfigureAwait(false));
            return ports;
        }
        catch
        {
            foreach (var port in ports.Values)
                await port.Listener.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<bool> DisconnectAsync(Func<IReadOnlyList<ConnectionRun>> find, CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var runs = find();
            foreach (var run in runs)
            {
                await Task.WhenAll(run.Tunnels.Where(tunnel => !tunnel.IsStatic).ToList().ConvertAll(run.CloseAsync)).ConfigureAwait(false);
                run.Disconnect();
                run.Link.Disable();
            }
            return runs.Count > 0;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<TunnelSupervisor> OpenTunnelAsync(LinkKey key, ProfileConfig profile, TunnelConfig tunnel, CancellationToken cancellationToken)
    {
        Wishes.Check(tunnel, profile.Connection);
        var run = _runs.FirstOrDefault(run => run.Key == key);
        if (run is not null && key.Tunnel is not null)
            throw new BrokerException(Message.Error($"The tunnel {tunnel.Spec} is open already.", "culvert ctl list-tunnel-listeners shows it"));
        var port = tunnel.Spec.Kind == TunnelKind.Local
            ? await TunnelAssembly.OpenHereAsync(tunnel, profile.Connection, _services, cancellationToken).ConfigureAwait(false)
            : null;
        if (run is null)
            _runs = [.. _runs, run = Add(key, profile, _runs)];
        var opened = run.Open(tunnel, isStatic: true, isByHand: true, port);
        WatchHealth();
        return opened;
    }

    // A connection that was for one tunnel ends with it. What the configuration wants of it is there anew, and waits to be connected.
    private async Task EndAsync(ConnectionRun run)
    {
        await run.StopAsync().ConfigureAwait(false);
        Activity.Meters.LinkRemoved(run.Link.Status);
        var others = _runs.Where(other => other != run);
        _runs = run.Key.Origin == LinkOrigin.Configuration
            ? [.. _runs.Select(other => other == run ? Add(run.Key, run.Profile, others) : other)]
            : [.. others];
        WatchHealth();
    }

    private ConnectionRun Add(LinkKey key, ProfileConfig profile, IEnumerable<ConnectionRun> others)
    {
        var (here, direct) = (_services, profile);
        // A gateway that is a profile itself is that profile's connection.
        var gateways = others.Where(run => run.CanBeGateway).ToList();
        if (Wishes.GatewayOf(profile, gateways.Select(run => run.Profile)) is { } gateway)
        {
            here = _services with { Here = gateways.Find(run => run.Profile == gateway)!.There };
            direct = profile with { Connection = profile.Connection with { Via = null } };
        }
        ConnectionRun? run = null;
        var asking = here with
        {
            Ask = (question, token) => Questions.AskAsync(profile.Id, question, token),
            HostKeyDecided = (offer, refusal) =>
            {
                Activity.HostKeyDecided(profile.Id, offer, refusal);
                // Those of jump hosts come before: the last one is the server's own.
                if (refusal is null && run is not null)
                    run.HostKey = offer;
            },
        };
        Activity.Meters.LinkAdded();
        return run = new ConnectionRun(Activity.NextId(), key, profile, _services, _connector(direct, asking), Activity);
    }

    // Opens what is wanted and isn't there. The plan has closed what isn't wanted any more.
    private static void Bring(ConnectionRun run, WantedLink wanted, bool isConnected, Dictionary<TunnelConfig, OpenPort> ports)
    {
        if (isConnected)
        {
            run.Connect();
            foreach (var tunnel in wanted.Own)
                OpenIfMissing(tunnel, isStatic: false);
        }
        foreach (var tunnel in wanted.Static)
            OpenIfMissing(tunnel, isStatic: true);

        void OpenIfMissing(TunnelConfig tunnel, bool isStatic)
        {
            if (!run.Tunnels.Any(open => open.IsStatic == isStatic && !open.IsByHand && Sameness.AreSame(open.Config, tunnel)))
                run.Open(tunnel, isStatic, isByHand: false, ports.GetValueOrDefault(tunnel));
        }
    }

    // Tasks in here end without a fault; one that doesn't is a defect, and ends the broker instead of leaving it half dead.
    private void WatchHealth()
    {
        foreach (var run in _runs)
            _ = run.Health.ContinueWith(ended => _broken.TrySetException(ended.Exception!.InnerExceptions), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }
}
