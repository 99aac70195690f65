using Culvert.Broker.Config;
using Culvert.Net;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Runtime;

/// <summary>A connection at work: its link, and the tunnels that it carries. For one caller at a time, but for what it shows.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Reliability", "CA1001", Justification = "A source without timer and links holds nothing to dispose, and tunnels may be opened until the last moment")]
internal sealed class ConnectionRun
{
    private readonly BrokerServices _services;
    private readonly Activity _activity;
    private readonly INetwork _there;
    private readonly CancellationTokenSource _stop = new(); // without a timer it holds nothing that must be disposed
    private readonly Task _link;
    private volatile IReadOnlyList<(TunnelSupervisor Supervisor, CancellationTokenSource Stop, Task Running)> _tunnels = [];
    private volatile HostKeyOffer? _hostKey;
    private IDisposable? _hold;

    /// <param name="id">Its number.</param>
    /// <param name="key">Which tunnels go through it.</param>
    /// <param name="profile">What is wanted.</param>
    /// <param name="services">This machine, or the far side of the gateway.</param>
    /// <param name="connect">Makes the connection.</param>
    /// <param name="activity">Sees what happens.</param>
    public ConnectionRun(long id, LinkKey key, ProfileConfig profile, BrokerServices services, LinkConnector connect, Activity activity)
    {
        (Id, Key, Profile, _services, _activity) = (id, key, profile, services, activity);
        Channels = new ChannelBook(activity.NextId, activity.ChannelOpened);
        Link = new SupervisedLink(connect, services.Time, Chance.Next)
        {
            IdleTimeout = profile.IdleTimeout,
            OnChange = (before, after) => activity.LinkChanged(this, before, after),
        };
        _there = new LinkNetwork(Link, profile.Connection.RestoreWait, services.Time, Channels);
        _link = Link.RunAsync(_stop.Token);
    }

    /// <summary>Unique in the broker.</summary>
    public long Id { get; }

    /// <summary>Which tunnels go through it.</summary>
    public LinkKey Key { get; }

    /// <summary>Whether others may go through it: it's a profile's, and not one tunnel's alone.</summary>
    public bool CanBeGateway => Key is { Origin: LinkOrigin.Configuration, Tunnel: null };

    /// <summary>What is wanted; the tunnels in it may be others than those that run.</summary>
    public ProfileConfig Profile { get; set; }

    /// <summary>The server's key, as it was last accepted; null: it never was.</summary>
    public HostKeyOffer? HostKey
    {
        get => _hostKey;
        set => _hostKey = value;
    }

    /// <summary>The link.</summary>
    public SupervisedLink Link { get; }

    /// <summary>What is open through it.</summary>
    public ChannelBook Channels { get; }

    /// <summary>The far side, for whoever connects through it.</summary>
    public INetwork There => _there;

    /// <summary>The tunnels that are wanted now.</summary>
    public IEnumerable<TunnelSupervisor> Tunnels => _tunnels.Select(entry => entry.Supervisor);

    /// <summary>Its tunnels are wanted: somebody, or the start, connected it.</summary>
    public bool IsConnected => _hold is not null;

    /// <summary>Faults when something in here is broken: a defect, never the network's doing.</summary>
    public Task Health => Task.WhenAll([_link, .. _tunnels.Select(entry => entry.Running)]);

    /// <summary>Wants the link.</summary>
    public void Connect() => _hold ??= Link.Hold();

    /// <summary>Wants it no more, but for what still uses it.</summary>
    public void Disconnect()
    {
        _hold?.Dispose();
        _hold = null;
    }

    /// <summary>Opens a tunnel.</summary>
    /// <param name="config">What is wanted.</param>
    /// <param name="isStatic">It listens whether the profile is connected or not.</param>
    /// <param name="isByHand">It's in no file.</param>
    /// <param name="port">An open port to begin with; null: it opens its own.</param>
    public TunnelSupervisor Open(TunnelConfig config, bool isStatic, bool isByHand, OpenPort? port)
    {
        var id = _activity.NextId();
        var reporter = new TunnelReporter(id, Profile.Id, _services.Reporter, _activity);
        var supervisor = new TunnelSupervisor(id, config, Profile, _there, _services with { Reporter = reporter }) { IsStatic = isStatic, IsByHand = isByHand };
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        _tunnels = [.. _tunnels, (supervisor, stop, RunAsync(supervisor, port, stop.Token))];
        return supervisor;
    }

    /// <summary>Closes a tunnel: its port at once, its sessions within their grace.</summary>
    public async Task CloseAsync(TunnelSupervisor supervisor)
    {
        var entry = _tunnels.First(entry => entry.Supervisor == supervisor);
        _tunnels = [.. _tunnels.Where(other => other.Supervisor != supervisor)];
        try
        {
            await entry.Stop.CancelAsync().ConfigureAwait(false);
            await entry.Running.ConfigureAwait(false);
        }
        finally
        {
            entry.Stop.Dispose();
            _activity.TunnelClosed(supervisor);
        }
    }

    /// <summary>Ends all: tunnels first, so that their clients hear of it, then the link.</summary>
    /// <exception cref="Exception">A defect; all the same, all has ended.</exception>
    public async Task StopAsync()
    {
        var ending = new Ending();
        await ending.TakeAsync(() => new(Task.WhenAll(Tunnels.ToList().ConvertAll(CloseAsync)))).ConfigureAwait(false);
        await ending.TakeAsync(() => new(_stop.CancelAsync())).ConfigureAwait(false);
        await ending.TakeAsync(() => new(_link)).ConfigureAwait(false);
        Disconnect();
        ending.Complete();
    }

    // Who has an open port may be visited at any time: the link isn't idle.
    private async Task RunAsync(TunnelSupervisor supervisor, OpenPort? port, CancellationToken stop)
    {
        using var occupied = Link.Occupy();
        await supervisor.RunAsync(port, stop).ConfigureAwait(false);
    }
}
