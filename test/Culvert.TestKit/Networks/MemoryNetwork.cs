using System.Threading.Channels;
using Culvert.Net;

namespace Culvert.TestKit.Networks;

/// <summary>How a memory network differs from a faithful one. Lossy is what the far side of an SSH connection looks like, at its worst.</summary>
internal sealed record MemoryNetworkOptions
{
    public static MemoryNetworkOptions Faithful { get; } = new();

    /// <summary>Resets become ends, nothing is known of peers, opens take a while.</summary>
    public static MemoryNetworkOptions Lossy { get; } = new() { ResetsBecomeEnds = true, PeersAreUnknown = true, DelayOpens = true, ListensOverAWay = true };

    public int Capacity { get; init; } = 64 * 1024;

    public bool ResetsBecomeEnds { get; init; }

    public bool PeersAreUnknown { get; init; }

    public bool ListensOverAWay { get; init; }

    /// <summary>An open completes only after other tasks had their turn, several times.</summary>
    public bool DelayOpens { get; init; }
}

/// <summary>A network in memory, with names and ports of its own. <see cref="Lose"/> breaks it as a whole.</summary>
internal sealed class MemoryNetwork(MemoryNetworkOptions? options = null) : INetwork
{
    private const int FirstEphemeralPort = 40000, OpenDelayTurns = 20;
    private readonly MemoryNetworkOptions _options = options ?? MemoryNetworkOptions.Faithful;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, MemoryListener> _listeners = [];
    private readonly List<MemoryDuplex> _open = [];
    private int _nextPort = FirstEphemeralPort;
    private bool _lost;
    private long _bytesLeft = long.MaxValue;

    public bool ListensOverAWay => _options.ListensOverAWay;

    /// <summary>The network breaks for good behind this many further bytes, counted over all its connections.</summary>
    public void LoseAfter(long bytes) => Interlocked.Exchange(ref _bytesLeft, bytes);

    /// <summary>Whoever has accepted a connection finds from now on that its other end takes no more, without reading anything of it: the peer has closed, and
    /// its end is still on the way.</summary>
    public void Refuse()
    {
        lock (_gate)
        {
            foreach (var duplex in _open)
                duplex.RefuseReads();
        }
    }

    /// <summary>What <see cref="Connect"/> says for a destination, before it looks for a listener; null: nothing special.</summary>
    public Func<Endpoint, ConnectOptions, Failure?> RefuseConnect { get; set; } = (_, _) => null;

    /// <summary>What <see cref="ListenAsync"/> says.</summary>
    public Func<Endpoint, Failure?> RefuseListen { get; set; } = _ => null;

    /// <summary>The user behind connections made from now on.</summary>
    public UserId? Owner { get; set; } = new("1000");

    /// <summary>The user whose ports are listened on, for <see cref="ConnectOptions.RequiredOwner"/>.</summary>
    public UserId? ListenerOwner { get; set; } = new("1000");

    /// <summary>Every destination dialled so far.</summary>
    public List<Endpoint> Dialled { get; } = [];

    /// <summary>What was asked for each listener so far.</summary>
    public List<ListenOptions> Listened { get; } = [];

    /// <summary>Puts something around each connection that is dialled, on the dialling side.</summary>
    public Func<Endpoint, Duplex, Duplex> Wrap { get; set; } = (_, duplex) => duplex;

    /// <summary>Listeners open now.</summary>
    public int Listeners
    {
        get
        {
            lock (_gate)
                return _listeners.Count;
        }
    }

    /// <summary>Whether nobody who waits for bytes, or for room, has a reason to go on now.</summary>
    public bool IsAtRest
    {
        get
        {
            lock (_gate)
                return _open.TrueForAll(duplex => duplex.IsAtRest);
        }
    }

    /// <summary>Connections with an end that nobody has closed yet.</summary>
    public int OpenConnections
    {
        get
        {
            lock (_gate)
                return _open.Count(d => !d.IsClosed);
        }
    }

    /// <summary>The network is gone: every connection and listener with it.</summary>
    public void Lose()
    {
        MemoryListener[] listeners;
        MemoryDuplex[] open;
        lock (_gate)
        {
            _lost = true;
            (listeners, open) = ([.. _listeners.Values], [.. _open]);
            _listeners.Clear();
        }
        foreach (var listener in listeners)
            listener.Close(new Failure(FailureKind.NetworkLost, "the network is gone"));
        foreach (var duplex in open)
            duplex.Lose();
    }

    public Dial Connect(Endpoint to, ConnectOptions options)
    {
        lock (_gate)
        {
            Dialled.Add(to);
            if (_lost)
                return Dial.Failed(new Failure(FailureKind.NetworkLost, "the network is gone"));
        }
        if (RefuseConnect(to, options) is { } refusal)
            return new MemoryDial(Task.FromResult(new DialOutcome(null, refusal)));
        if (options.RequiredOwner is { } owner && owner != ListenerOwner)
            return new MemoryDial(Task.FromResult(new DialOutcome(null, new Failure(FailureKind.Prohibited, $"port {to.Port} does not belong to the user who asked for it"))));
        return new MemoryDial(OpenAsync(to, options));
    }

    public async ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        if (_options.DelayOpens)
            await TurnsAsync().ConfigureAwait(false);
        if (RefuseListen(at) is { } refusal)
            throw new NetworkException(refusal);
        lock (_gate)
        {
            if (_lost)
                throw new NetworkException(new Failure(FailureKind.NetworkLost, "the network is gone"));
            Listened.Add(options);
            var port = at.Port != 0 ? at.Port : options.Ports is { } range ? Enumerable.Range(range.First, range.Last - range.First + 1).First(p => !_listeners.ContainsKey(p)) : _nextPort++;
            var listener = new MemoryListener(at.WithPort(port), () => Forget(port));
            if (!_listeners.TryAdd(port, listener))
                throw new NetworkException(new Failure(FailureKind.InUse, "Address already in use"));
            return listener;
        }
    }

    private async Task<DialOutcome> OpenAsync(Endpoint to, ConnectOptions options)
    {
        if (_options.DelayOpens)
            await TurnsAsync().ConfigureAwait(false);
        var (here, there) = MemoryDuplex.Pair(_options.Capacity, _options.ResetsBecomeEnds);
        lock (_gate)
        {
            if (_lost)
                return new(null, new Failure(FailureKind.NetworkLost, "the network is gone"));
            if (!_listeners.TryGetValue(to.Port, out var listener))
                return new(null, new Failure(FailureKind.Refused, "Connection refused"));
            var from = options.Source ?? new Endpoint(to.Host.Contains(':', StringComparison.Ordinal) ? Endpoint.Loopback6 : Endpoint.Loopback4, _nextPort++);
            var peer = _options.PeersAreUnknown
                ? options.Originator is { } claimed ? new Peer(claimed, AddressKnowledge.Claimed, null, null) : Peer.Unknown
                : new Peer(from, AddressKnowledge.Observed, Owner, listener.LocalEndpoint);
            here.Allow = there.Allow = Allow;
            listener.Offer(new Accepted(there, peer));
            _open.Add(here);
            _open.Add(there);
        }
        return new(Wrap(to, here), null);
    }

    private int Allow(int wanted)
    {
        var left = Interlocked.Add(ref _bytesLeft, -wanted);
        if (left >= 0)
            return wanted;
        Lose();
        return (int)Math.Max(0, wanted + left);
    }

    private void Forget(int port)
    {
        lock (_gate)
            _listeners.Remove(port);
    }

    private static async Task TurnsAsync()
    {
        for (var i = 0; i < OpenDelayTurns; i++)
            await Task.Yield();
    }

    private sealed class MemoryDial(Task<DialOutcome> open) : Dial
    {
        private int _aborted;

        public override Task<DialOutcome> Outcome { get; } = open;

        public override void Abort()
        {
            if (Interlocked.Exchange(ref _aborted, 1) == 0)
                _ = Outcome.ContinueWith(static o => o.GetAwaiter().GetResult().Duplex?.Abort(), TaskScheduler.Default);
        }
    }
}

/// <summary>An open port of a <see cref="MemoryNetwork"/>.</summary>
internal sealed class MemoryListener(Endpoint at, Action forget) : IListener
{
    private readonly Channel<Accepted> _queue = Channel.CreateUnbounded<Accepted>();

    public Endpoint LocalEndpoint { get; } = at;

    public void Offer(Accepted accepted)
    {
        if (!_queue.Writer.TryWrite(accepted))
            accepted.Duplex.Abort();
    }

    public void Close(Failure failure) => _queue.Writer.TryComplete(new NetworkException(failure));

    public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _queue.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new NetworkException((e.InnerException as NetworkException)?.Failure ?? new Failure(FailureKind.Aborted, "the listener is closed"), e);
        }
    }

    public ValueTask DisposeAsync()
    {
        forget();
        Close(new Failure(FailureKind.Aborted, "the listener is closed"));
        while (_queue.Reader.TryRead(out var waiting))
            waiting.Duplex.Abort();
        return ValueTask.CompletedTask;
    }

    public override string ToString() => LocalEndpoint.ToString();

}
