using Culvert.Broker.Config;
using Culvert.Broker.Runtime.Upkeep;
using Culvert.Net;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>How a run ended.</summary>
public enum RunEnd
{
    /// <summary>It was stopped, and nothing was cut.</summary>
    Stopped,
    /// <summary>It was stopped, and something was still on its way when its time was over.</summary>
    StoppedWithCuts,
    /// <summary>The link or a listener was lost; why has been told.</summary>
    Lost,
}

/// <summary>One connection and its tunnels, from the moment when all are open.</summary>
public sealed class TunnelRun : IAsyncDisposable
{
    private readonly ConnectionConfig _config;
    private readonly BrokerServices _services;
    private readonly INetwork _there;
    private readonly Task<Failure> _linkLost;
    private readonly IAsyncDisposable? _link;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<(RunningTunnel Tunnel, Func<int> Cut)> _tunnels = [];
    private readonly List<IListener> _unclaimed = [];
    private readonly SpareMemory _memory;
    private LastingLink? _lasting;

    /// <summary>For a far side that is there already; <see cref="StartAsync"/> makes one.</summary>
    internal TunnelRun(ConnectionConfig config, BrokerServices services, INetwork there, Task<Failure> linkLost, IAsyncDisposable? link)
    {
        _memory = new(services.Time);
        (_config, _services, _there, _linkLost, _link) = (config, services with { Spare = _memory }, there, linkLost, link);
    }

    /// <summary>The tunnels that are open.</summary>
    public IReadOnlyList<OpenTunnel> Tunnels => [.. _tunnels.Select(entry => entry.Tunnel.Facts)];

    /// <summary>The SSH connection, for sessions beside the tunnels; null: the far side is something else.</summary>
    public SshConnection? Connection => (_link as SshRoute)?.Connection;

    /// <summary>Connects, logs in, opens all tunnels, and says that they're ready.</summary>
    /// <exception cref="BrokerException">The connection can't be had, or a tunnel can't and <see cref="ConnectionConfig.ExitOnForwardFailure"/> holds;
    /// nothing is left open.</exception>
    /// <exception cref="ConfigException">A user is named whom this machine doesn't have.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left open.</exception>
    public static async Task<TunnelRun> StartAsync(ConnectionConfig config, BrokerServices services, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(services);
        if (Rings.Find(config) is { } ring)
            throw new ConfigException($"the tunnel to {ring.Spec.DestinationHost}:{ring.Spec.DestinationPort} leads back to its own port", "a connection through it would never reach a server; name the server's port as the destination");
        // Who may enter is settled before anybody is asked for a password.
        foreach (var tunnel in config.Tunnels)
        {
            _ = TunnelAssembly.AdmissionFor(tunnel);
            FtpSessions.Check(tunnel, config.Host);
        }
        var connect = SshConnector.Of(config, services);
        // The first attempt is the user's, who is there and hears why it failed.
        var live = await connect(static _ => { }, cancellationToken).ConfigureAwait(false);
        return await StartOnAsync(config, services, live, connect, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>For a connection that is up.</summary>
    internal static async Task<TunnelRun> StartOnAsync(ConnectionConfig config, BrokerServices services, LiveLink live, LinkConnector connect, CancellationToken cancellationToken)
    {
        var lasting = config.Reconnect ? new LastingLink(config, live, connect, services) : null;
        var run = new TunnelRun(config, services, lasting?.Network ?? live.Network, lasting?.Failed ?? live.Closed, (IAsyncDisposable?)lasting ?? live.Resources) { _lasting = lasting };
        try
        {
            await run.OpenAsync(cancellationToken).ConfigureAwait(false);
            return run;
        }
        catch
        {
            await run.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens all tunnels.</summary>
    internal async Task OpenAsync(CancellationToken cancellationToken)
    {
        foreach (var tunnel in _config.Tunnels)
        {
            try
            {
                await OpenAsync(tunnel, cancellationToken).ConfigureAwait(false);
            }
            catch (BrokerException e) when (!_config.ExitOnForwardFailure || tunnel.IsBestEffort)
            {
                _services.Reporter.Tell(e.Reason with { Weight = MessageWeight.Warning });
            }
        }
        if (_tunnels.Count == 0 && _config.Session is null)
            throw new BrokerException(Message.Error("No forwarding could be set up.", "each reason stands above; without a port there is nothing to do"));
        foreach (var (tunnel, _) in _tunnels)
            _services.Reporter.Opened(tunnel.Facts);
    }

    /// <summary>Tries to restore the link now, when it's lost and <see cref="ConnectionConfig.Reconnect"/> holds.</summary>
    public void RetryNow() => _lasting?.RetryNow();

    /// <summary>Serves until stopped or until the link is lost. Ports close at once; what runs has a few seconds.</summary>
    public async Task<RunEnd> RunAsync(CancellationToken stop)
    {
        using var closePorts = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var passOn = stop.Register(_stopping.Cancel);
        _unclaimed.Clear(); // from here on the tunnels close them
        var running = _tunnels.ConvertAll(entry => entry.Tunnel.RunAsync(closePorts.Token));
        Failure? lost = null;
        try
        {
            var stopped = Task.Delay(Timeout.InfiniteTimeSpan, _services.Time, closePorts.Token);
            await Task.WhenAny([_linkLost, stopped, .. running]).ConfigureAwait(false);
            if (!stop.IsCancellationRequested || _linkLost.IsCompleted)
                lost = await CauseAsync(running).ConfigureAwait(false);
            if (lost is not null)
            {
                _services.Reporter.Tell(LinkMessages.Lost(_config, lost));
                // Sessions over a lost link hear of it themselves and tell their clients why; this only bounds how long that may take.
                _stopping.CancelAfter(_config.Grace);
            }
        }
        finally
        {
            await closePorts.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(running).ConfigureAwait(false);
        }
        if (lost is not null)
            return RunEnd.Lost;
        return _tunnels.Exists(entry => entry.Cut() > 0) ? RunEnd.StoppedWithCuts : RunEnd.Stopped;
    }

    /// <summary>Closes what is still open: ports first, then the link.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _unclaimed)
            await listener.DisposeAsync().ConfigureAwait(false);
        if (_link is not null)
            await _link.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
        await _memory.DisposeAsync().ConfigureAwait(false);
    }

    // Why the run can't go on. A listener on the server's side dies with the link, whose own reason is the better one and comes at the same time.
    private async Task<Failure?> CauseAsync(List<Task<Failure?>> running)
    {
        Failure? died = null;
        foreach (var tunnel in running.Where(tunnel => tunnel.IsCompleted))
            died ??= await tunnel.ConfigureAwait(false);
        if (died is { Kind: FailureKind.NetworkLost })
            await Task.WhenAny(_linkLost, Task.Delay(_config.Grace, _services.Time)).ConfigureAwait(false);
        return _linkLost.IsCompleted ? await _linkLost.ConfigureAwait(false) : died;
    }

    private async Task OpenAsync(TunnelConfig tunnel, CancellationToken cancellationToken)
    {
        var (assembly, listener) = await TunnelAssembly.OpenAsync(tunnel, _config, _there, _services, _stopping.Token, cancellationToken).ConfigureAwait(false);
        _unclaimed.Add(listener);
        _tunnels.Add((assembly.Tunnel, assembly.CutSoFar));
    }
}
