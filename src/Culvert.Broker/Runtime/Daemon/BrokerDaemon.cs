using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime.Upkeep;

namespace Culvert.Broker.Runtime;

/// <summary>The broker: makes what runs agree with what is wanted. There is one way in for wishes, <see cref="ApplyAsync"/>: the start is a wish against nothing, a reload
/// a wish against what runs, the stop a wish for nothing. What both sides have in common is not touched. Thread-safe; wishes are carried out one after the other.</summary>
/// <remarks>A profile is a <see cref="ProfileRun"/> (its link, and the tunnels on it). A link is held up while its profile is connected or anything is open through it.
/// Ports stand on a network that outlives the link, so they stay open over a loss.</remarks>
internal sealed class BrokerDaemon : IAsyncDisposable
{
    private readonly BrokerServices _services;
    private readonly SpareMemory _spare;
    private readonly Func<ProfileConfig, BrokerServices, LinkConnector> _connector;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlyList<ProfileRun> _runs = [];
    private volatile BrokerConfig _config = new();
    private bool _hasStarted;

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
            AuditNames.QuestionAsked, AuditSeverity.Notice, ("profile", question.Profile), ("question", question.Id), ("kind", question.Question.Kind.ToString().ToLowerInvariant())));
        _connector = connector ?? SshConnector.Of;
        Started = services.Time.GetUtcNow();
        Activity.Meters.Observe(() => _runs.Select(run => (run.Profile.Id, run.Channels.Received, run.Channels.Sent)));
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
    public IReadOnlyList<ProfileRun> Runs => _runs;

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
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var plan = ReloadPlan.Make(_runs, wanted, _hasStarted);
            var ports = _hasStarted ? await OpenAheadAsync(plan, cancellationToken).ConfigureAwait(false) : [];
            // From here on nothing can fail.
            await plan.StopAsync(stopped => Activity.Meters.LinkRemoved(stopped.Link.Status)).ConfigureAwait(false);
            var runs = new Dictionary<string, ProfileRun>();
            // A gateway comes before what goes through it.
            foreach (var profile in wanted.Profiles.OrderBy(profile => Wishes.Hops(profile.Connection)))
            {
                var run = plan.Kept.GetValueOrDefault(profile.Id) ?? Add(profile, runs.Values);
                run.Profile = profile;
                runs.Add(profile.Id, run);
            }
            foreach (var profile in wanted.Profiles)
                Bring(runs[profile.Id], wanted, plan.IsConnected(profile), ports);
            _runs = [.. wanted.Profiles.Select(profile => runs[profile.Id])];
            (_config, _hasStarted) = (wanted, true);
            WatchHealth();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Connects a profile, and opens its tunnels.</summary>
    /// <returns>It; null when there's none of that name.</returns>
    public async Task<ProfileRun?> ConnectAsync(string idOrName, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Find(idOrName) is not { } run)
                return null;
            run.Link.RetryNow(alsoFailed: true);
            Bring(run, _config, isConnected: true, []);
            WatchHealth();
            return run;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes a profile's connection and the tunnels that opened with it. What static tunnels need of it comes again on first use.</summary>
    /// <returns>Whether there is such a profile.</returns>
    public async Task<bool> DisconnectAsync(string idOrName, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Find(idOrName) is not { } run)
                return false;
            await Task.WhenAll(run.Tunnels.Where(tunnel => !tunnel.IsStatic).ToList().ConvertAll(run.CloseAsync)).ConfigureAwait(false);
            run.Disconnect();
            run.Link.Disable();
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Opens a tunnel that's in no file, over a profile's connection. Returns when its port is open.</summary>
    /// <returns>It; null when there's no such profile.</returns>
    /// <exception cref="ConfigException">It can't be meant.</exception>
    /// <exception cref="BrokerException">Its port can't be had.</exception>
    public async Task<TunnelSupervisor?> OpenTunnelAsync(string idOrName, TunnelConfig tunnel, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Find(idOrName) is not { } run)
                return null;
            Wishes.Check(tunnel, run.Profile.Connection);
            OpenPort? port = tunnel.Spec.Kind == TunnelKind.Local
                ? await TunnelAssembly.OpenHereAsync(tunnel, run.Profile.Connection, _services, cancellationToken).ConfigureAwait(false)
                : null;
            var opened = run.Open(tunnel, isStatic: true, isByHand: true, port);
            WatchHealth();
            return opened;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes a tunnel: its port at once, its sessions within their grace.</summary>
    /// <returns>Whether there is one.</returns>
    public async Task<bool> CloseTunnelAsync(long id, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var run in _runs)
            {
                if (run.Tunnels.FirstOrDefault(tunnel => tunnel.Id == id) is not { } tunnel)
                    continue;
                await run.CloseAsync(tunnel).ConfigureAwait(false);
                return true;
            }
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

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

    /// <summary>The profile of an id or, when there's none, of a name.</summary>
    public ProfileRun? Find(string idOrName) =>
        _runs.FirstOrDefault(run => run.Profile.Id == idOrName) ?? _runs.FirstOrDefault(run => run.Profile.Name == idOrName);

    /// <summary>Ends all: ports at once, sessions within their grace, then the links.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        // A gateway ends after what goes through it.
        foreach (var generation in _runs.GroupBy(run => Wishes.Hops(run.Profile.Connection)).OrderByDescending(group => group.Key))
            await Task.WhenAll(generation.Select(run => run.StopAsync())).ConfigureAwait(false);
        _runs = [];
        Activity.Meters.Dispose();
        Keys.Dispose();
        await _spare.DisposeAsync().ConfigureAwait(false);
        _turn.Dispose();
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

    private ProfileRun Add(ProfileConfig profile, IEnumerable<ProfileRun> others)
    {
        var (here, direct) = (_services, profile);
        // A gateway that is a profile itself is that profile's connection.
        if (Wishes.GatewayOf(profile, others.Select(run => run.Profile)) is { } gateway)
        {
            here = _services with { Here = others.First(run => run.Profile == gateway).There };
            direct = profile with { Connection = profile.Connection with { Via = null } };
        }
        var asking = here with
        {
            Ask = (question, token) => Questions.AskAsync(profile.Id, question, token),
            HostKeyDecided = (offer, refusal) => Activity.HostKeyDecided(profile.Id, offer, refusal),
        };
        Activity.Meters.LinkAdded();
        return new ProfileRun(Activity.NextId(), profile, _services, _connector(direct, asking), Activity);
    }

    // Opens what is wanted and isn't there. The plan has closed what isn't wanted any more.
    private static void Bring(ProfileRun run, BrokerConfig wanted, bool isConnected, Dictionary<TunnelConfig, OpenPort> ports)
    {
        var profile = wanted.Profiles.First(profile => profile.Id == run.Profile.Id);
        if (isConnected)
        {
            run.Connect();
            foreach (var tunnel in profile.Connection.Tunnels)
                OpenIfMissing(tunnel, isStatic: false);
        }
        foreach (var tunnel in wanted.StaticTunnels.Where(tunnel => tunnel.ProfileId == run.Profile.Id))
            OpenIfMissing(tunnel.Tunnel, isStatic: true);

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
