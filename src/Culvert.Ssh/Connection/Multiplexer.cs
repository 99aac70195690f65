using Culvert.Net;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Ssh.Connection;

/// <summary>What a multiplexer is told at its birth.</summary>
internal sealed record MultiplexerOptions
{
    public WindowBudget WindowBudget { get; init; } = WindowBudget.Process;
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The peer may leave small packets unsent until the one before is acknowledged: see <see cref="Connection.Nudge"/>.</summary>
    public bool PeerMayHoldBack { get; init; }

    /// <summary>The peer may send <see cref="Limits.LargeChannelPacket"/> on a channel in one packet over a long way; else <see cref="Limits.MaximumChannelPacket"/>, as anybody.</summary>
    public bool TakesLargePackets { get; init; }

    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Tells the peer that its last message isn't known (UNIMPLEMENTED needs the sequence number, which the transport knows).</summary>
    public Action RefuseLast { get; init; } = static () => { };

    /// <summary>Packets that came in, with those that the transport keeps to itself (IGNORE, DEBUG, a change of keys). Null: what this multiplexer saw.</summary>
    public Func<long>? PacketsReceived { get; init; }

    /// <summary>Ends the transport in order, with a last word to the peer. Null: a DISCONNECT is written like any message.</summary>
    public Func<DisconnectReason, string, CancellationToken, ValueTask>? Disconnect { get; init; }
}

/// <summary>Many channels over one packet transport (RFC 4254): one loop reads and hands out, one loop writes what waits in the queue. The first reason to end
/// is the one that every channel, dial and listener hears. Thread-safe.</summary>
internal sealed class Multiplexer : IAsyncDisposable
{
    private readonly IPacketTransport _transport;
    private readonly MultiplexerOptions _options;
    private readonly SendQueue _queue;
    private readonly ChannelHost _host;
    private readonly GlobalRequests _requests;
    private readonly MessageDispatcher _dispatcher;
    private readonly IConnectionRole _role;
    private readonly TaskCompletionSource<Failure> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _farewell;
    private readonly Task _running;
    private int _ended;
    private volatile Farewell? _lastWord;
    private volatile bool _endsInOrder;
    private long _endedAt;
    private volatile TaskCompletionSource? _drained;
    private long _packetsReceived;

    /// <summary>Starts both loops. The transport is this multiplexer's from now on.</summary>
    /// <param name="transport">After authentication.</param>
    /// <param name="options">Budget, clock, log.</param>
    /// <param name="role">What the peer may ask; made here because it answers through this multiplexer. It must not use it before this constructor returned.</param>
    /// <param name="companion">A task of this connection that ends when its token is cancelled (keepalive); may be null.</param>
    public Multiplexer(IPacketTransport transport, MultiplexerOptions options, Func<Multiplexer, IConnectionRole> role,
        Func<Multiplexer, CancellationToken, Task>? companion = null)
    {
        _transport = transport;
        _options = options;
        Buffers = new ConnectionBuffers();
        _queue = new SendQueue(Buffers.Slots, options.Time);
        RoundTrip = new RoundTrip(options.Time);
        _requests = new GlobalRequests(_queue, RoundTrip);
        _host = new ChannelHost(_queue, Buffers, Table, options.WindowBudget, RoundTrip, options.Time)
        {
            TakesLargePackets = options.TakesLargePackets,
            Nudge = options.PeerMayHoldBack ? new Nudge(_requests, options.Logger) : null,
        };
        _farewell = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.Time);
        _role = role(this);
        _dispatcher = new MessageDispatcher(Table, _requests, _role, options);
        _running = Task.Run(() => RunAsync(companion));
    }

    /// <summary>Why the connection ended; completes when it does, never faults.</summary>
    public Task<Failure> Closed => _closed.Task;

    /// <summary>Its channels.</summary>
    public ChannelTable Table { get; } = new();

    /// <summary>Its buffers.</summary>
    public ConnectionBuffers Buffers { get; }

    /// <summary>How fast the peer answers.</summary>
    public RoundTrip RoundTrip { get; }

    /// <summary>Packets that came in: a peer that sends is alive.</summary>
    public long PacketsReceived => _options.PacketsReceived?.Invoke() ?? Interlocked.Read(ref _packetsReceived);

    /// <summary>Asks the peer for a channel. The CHANNEL_OPEN is queued when this returns, ahead of whatever the caller sends next on any channel.</summary>
    /// <param name="type"><c>direct-tcpip</c>, …</param>
    /// <param name="specific">What depends on the type.</param>
    /// <param name="priority">The class of the channel's data; the open itself is interactive.</param>
    /// <param name="answered">Hears once that the channel stands (null) or why not; on the reader loop, or at once when the connection is gone.</param>
    /// <param name="requests">For a session: takes the peer's requests on the channel.</param>
    public Channel Open(string type, ReadOnlySpan<byte> specific, Priority priority, Action<Failure?, Channel> answered, ChannelRequests? requests = null)
    {
        var channel = new Channel(_host, priority, answered, requests);
        if (Table.Add(channel) is { } failure)
            channel.Lost(failure);
        else
            _queue.Enqueue(new Outgoing(ChannelMessages.Open(type, channel.Number, channel.InitialWindow, specific, channel.MaximumPacket), OutgoingKind.Question), Priority.Interactive);
        return channel;
    }

    /// <summary>Takes a number for a channel that the peer wants; the caller confirms or refuses it, now or later. Null: there was none, and the peer was told.</summary>
    public Channel? Reserve(in IncomingOpen open, Priority priority, ChannelRequests? requests = null)
    {
        var channel = new Channel(_host, priority, open.Sender, open.Window, open.MaximumPacket, requests);
        if (Table.Add(channel) is not { } failure)
            return channel;
        channel.Lost(failure);
        Refuse(open, OpenReason.ResourceShortage, failure.Text);
        return null;
    }

    /// <summary>Refuses a channel that the peer wants.</summary>
    public void Refuse(in IncomingOpen open, OpenReason reason, string text) => Send(ChannelMessages.OpenFailure(open.Sender, reason, text));

    /// <summary>Makes a global request that wants a reply.</summary>
    public void Request(string name, ReadOnlySpan<byte> specific, PendingReply reply) => _requests.Send(name, specific, reply);

    /// <summary>Answers a global request of the peer.</summary>
    public void Reply(byte[] message) => Send(message);

    /// <summary>Ends the connection at once, for this reason; only the first one counts.</summary>
    /// <param name="failure">What everybody hears.</param>
    /// <param name="say">What the peer hears in DISCONNECT; none: nothing.</param>
    public void Fail(Failure failure, DisconnectReason say = DisconnectReason.None) => End(failure, say, drop: true);

    /// <summary>Waits until no forwarded connection is left, each closed by both sides: a server closes when it has passed on what it took, and forgets the rest when it
    /// reads DISCONNECT. False: this connection ended first. One may wait at a time.</summary>
    public async Task<bool> DrainAsync(CancellationToken cancellationToken)
    {
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _drained = drained;
        TellIfDrained();
        await Task.WhenAny(drained.Task, Closed).WaitAsync(cancellationToken);
        return drained.Task.IsCompleted;
    }

    /// <summary>Ends the connection in order: what is queued goes out, then DISCONNECT, as long as the peer takes something every <see cref="ConnectionLimits.FarewellSilence"/>
    /// and for no longer than <see cref="ConnectionLimits.LongestFarewell"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        End(new Failure(FailureKind.NetworkLost, "the SSH connection was closed"), DisconnectReason.ByApplication, drop: false);
        // The first reason may still be on its round: it must be through before anything is taken from under it.
        await _closed.Task;
        await _running;
        _queue.Dispose();
        _stop.Dispose();
        _farewell.Dispose();
    }

    private void Send(byte[] message) => _queue.Enqueue(new Outgoing(message), Priority.Interactive);

    private void End(Failure failure, DisconnectReason say, bool drop)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        Log.ConnectionEnded(_options.Logger, failure.Text);
        if (say != DisconnectReason.None)
            _lastWord = new Farewell(say, failure.Text);
        _queue.Finish(drop);
        if (say == DisconnectReason.None)
        {
            _farewell.Cancel();
        }
        else if (drop)
        {
            _farewell.CancelAfter(ConnectionLimits.FarewellTime);
        }
        else
        {
            _endedAt = _options.Time.GetTimestamp();
            _farewell.CancelAfter(ConnectionLimits.FarewellSilence);
            _endsInOrder = true;
        }
        foreach (var channel in Table.Close(failure))
            channel.Lost(failure);
        _requests.Lost(failure);
        _role.Lost(failure);
        _stop.Cancel();
        _closed.SetResult(failure);
    }

    private async Task RunAsync(Func<Multiplexer, CancellationToken, Task>? companion)
    {
        var reader = GuardAsync(ReadAsync);
        var writer = GuardAsync(WriteAsync);
        var other = companion is null ? Task.CompletedTask : GuardAsync(() => companion(this, _stop.Token));
        await Task.WhenAll(reader, writer, other);
        await _transport.DisposeAsync();
    }

    /// <summary>Whatever a loop dies of is the reason why the connection ends.</summary>
    private async Task GuardAsync(Func<Task> loop)
    {
        await Task.Yield();
        try
        {
            await loop();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested || _farewell.IsCancellationRequested)
        {
            // The end was declared elsewhere.
        }
        catch (SshProtocolException e)
        {
            Fail(e.Failure, e.Reason);
        }
        catch (SshConnectionException e)
        {
            Fail(e.Failure);
        }
        catch (Exception e)
        {
            Log.LoopFailed(_options.Logger, e);
            Fail(new Failure(FailureKind.NetworkLost, $"internal error in the SSH connection ({e.GetType().Name})"), DisconnectReason.ByApplication);
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var receive = _transport.ReceiveAsync(_stop.Token);
            // As long as packets lie ready, data is gathered; before waiting, its readers are woken.
            if (!receive.IsCompleted)
                _dispatcher.WakeReaders();
            var payload = await receive;
            Interlocked.Increment(ref _packetsReceived);
            await _dispatcher.DispatchAsync(payload, _stop.Token);
            TellIfDrained();
            if (_queue.Messages > ConnectionLimits.MaximumQueuedMessages)
                throw new SshProtocolException("the peer asks faster than it reads the answers");
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            for (var isUnflushed = false; ;)
            {
                var next = _queue.TryDequeue(out var packet);
                if (next == NextOutgoing.Packet)
                {
                    await WriteAsync(packet);
                    isUnflushed = true;
                    if (!_endsInOrder)
                        continue;
                    // From now on each is sent by itself: that it went out shows that the peer still reads.
                }
                if (isUnflushed)
                {
                    await _transport.FlushAsync(_farewell.Token);
                    isUnflushed = false;
                    GiveTime();
                }
                else if (next == NextOutgoing.Finished)
                {
                    await SayFarewellAsync();
                    return;
                }
                else
                {
                    await _queue.WaitAsync(_farewell.Token);
                }
            }
        }
        finally
        {
            _queue.Finish(drop: true);
        }
    }

    private async ValueTask WriteAsync(Outgoing packet)
    {
        try
        {
            if (packet.Channel is null || packet.Channel.Sends(packet.Kind))
                await _transport.WriteAsync(packet.Packet.AsMemory(0, packet.Length), _farewell.Token);
        }
        finally
        {
            if (packet.Kind == OutgoingKind.Data)
                Buffers.Slots.Return(packet.Packet);
        }
        packet.Channel?.Written(packet);
        if (packet.Kind == OutgoingKind.Close)
            TellIfDrained();
        GiveTime();
    }

    /// <summary>The transport took something: in an end in order, what is left has its time from now.</summary>
    private void GiveTime()
    {
        if (!_endsInOrder)
            return;
        var left = ConnectionLimits.LongestFarewell - _options.Time.GetElapsedTime(_endedAt);
        if (left > TimeSpan.Zero)
            _farewell.CancelAfter(left < ConnectionLimits.FarewellSilence ? left : ConnectionLimits.FarewellSilence);
    }

    private void TellIfDrained()
    {
        if (_drained is { Task.IsCompleted: false } drained && Array.TrueForAll(Table.All, channel => channel.Figures.IsSession))
            drained.TrySetResult();
    }

    private async ValueTask SayFarewellAsync()
    {
        if (_lastWord is not { } word)
            return;
        if (_options.Disconnect is { } disconnect)
        {
            await disconnect(word.Reason, word.Text, _farewell.Token);
            return;
        }
        await _transport.WriteAsync(ChannelMessages.Disconnect(word.Reason, word.Text), _farewell.Token);
        await _transport.FlushAsync(_farewell.Token);
    }

    private sealed record Farewell(DisconnectReason Reason, string Text);
}
