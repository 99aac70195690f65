using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>One channel (RFC 4254 §5): its numbers, its two halves, and the messages of its life. This part is its owner's, who holds it through a
/// <see cref="ChannelDuplex"/>; the other part belongs to the reader loop and the writer loop.</summary>
/// <remarks>Thread-safe under one lock. Packets are queued under that lock, so their order in the queue is the order of the channel's life. The
/// number is free again when our CLOSE was written and the peer's was read.</remarks>
internal sealed partial class Channel
{
    private readonly Lock _gate = new();
    private readonly ChannelHost _host;
    private readonly ReceivingHalf _receiving;
    private readonly SendingHalf _sending;
    private readonly Signal _readable = new();
    private readonly Signal _writable = new();
    private readonly long _asked;
    private Action<Failure?, Channel>? _answered;
    private uint _remote;
    private bool _open;
    private bool _dropsUnsent;
    private bool _eofReceived;
    private bool _closeQueued, _closeWritten, _closeReceived;
    private Failure? _loss;

    /// <summary>A credit's message that was written: the next one is made in it.</summary>
    private byte[]? _spareAdjust;

    /// <summary>A channel that we ask the peer for. <paramref name="answered"/> hears, on the reader loop, that it stands (null) or why not; once.</summary>
    public Channel(ChannelHost host, Priority priority, Action<Failure?, Channel> answered, ChannelRequests? requests = null) : this(host, priority, requests)
    {
        _answered = answered;
    }

    /// <summary>A channel that the peer asks for.</summary>
    public Channel(ChannelHost host, Priority priority, uint remote, uint window, uint maximumPacket, ChannelRequests? requests = null)
        : this(host, priority, requests)
    {
        _remote = remote;
        _sending.Start(window, maximumPacket);
    }

    private Channel(ChannelHost host, Priority priority, ChannelRequests? requests)
    {
        _host = host;
        _requests = requests;
        if (requests is not null)
            (_errors, _errorsReadable, _unanswered) = (new ReceiveBuffer(host.Buffers), new Signal(), new Queue<TaskCompletionSource<bool>>());
        Priority = priority;
        MaximumPacket = host.MaximumPacketOf(priority);
        _receiving = new ReceivingHalf(host, priority == Priority.Bulk ? Limits.InitialWindow : ConnectionLimits.DialogueWindow, MaximumPacket);
        _sending = new SendingHalf(host);
        InitialWindow = _receiving.InitialWindow;
        _asked = host.RoundTrip.Start();
    }

    /// <summary>Our number; the table assigns it.</summary>
    public uint Number { get; set; }

    /// <summary>Its class in the send queue.</summary>
    public Priority Priority { get; }

    /// <summary>The window that the open or the confirmation announces.</summary>
    public int InitialWindow { get; }

    /// <summary>What the peer may send in one packet, in bytes: announced together with the window.</summary>
    public int MaximumPacket { get; }

    /// <summary>How it stands.</summary>
    public ChannelFigures Figures
    {
        get
        {
            lock (_gate)
                return new ChannelFigures(Number, _requests is not null, _receiving.Waiting, _receiving.InitialWindow, _sending.Window);
        }
    }

    /// <summary>Confirms a channel that the peer asked for. False: the connection is gone meanwhile.</summary>
    public bool Confirm()
    {
        lock (_gate)
        {
            if (_receiving.HasEnded)
                return false;
            _open = true;
            Enqueue(ChannelMessages.Confirmation(_remote, Number, InitialWindow, MaximumPacket));
            return true;
        }
    }

    /// <summary>Refuses a channel that the peer asked for.</summary>
    public void Refuse(OpenReason reason, string text)
    {
        lock (_gate)
        {
            Enqueue(ChannelMessages.OpenFailure(_remote, reason, text));
            _receiving.Abort();
        }
        _host.Table.Remove(this);
    }

    /// <summary>Lends what waits in one piece, or says how reading ended; neither: wait for <see cref="WaitReadableAsync"/>.</summary>
    public ReadResult TryLend()
    {
        lock (_gate)
            return _receiving.TryLend();
    }

    /// <summary>Copies what waits, or says how reading ended; neither: wait for <see cref="WaitReadableAsync"/>.</summary>
    public ReadResult TryCopy(Memory<byte> into)
    {
        lock (_gate)
        {
            var result = _receiving.TryCopy(into, out var credit);
            GiveCredit(credit);
            return result;
        }
    }

    /// <summary>Whether a read would not wait.</summary>
    public bool IsReadable
    {
        get
        {
            lock (_gate)
                return _receiving.IsReadable;
        }
    }

    /// <summary>Waits until a read would not. What follows may run on the reader loop, which hands on no packet meanwhile.</summary>
    public ValueTask WaitReadableAsync(CancellationToken cancellationToken) => _readable.WaitAsync(cancellationToken);

    /// <summary>The first <paramref name="count"/> lent bytes reached where they should go.</summary>
    public void Release(int count)
    {
        lock (_gate)
            GiveCredit(_receiving.Release(count));
    }

    /// <summary>Queues a packet of the first of these bytes; says of how many, or how writing ended; neither: wait for <see cref="WaitWritableAsync"/>.</summary>
    /// <param name="bytes">At least one.</param>
    /// <param name="end">How writing ended.</param>
    public int TrySend(ReadOnlySpan<byte> bytes, out WriteEnd end)
    {
        lock (_gate)
        {
            if (_sending.TryFill(bytes, _remote, out var count, out end) is { } packet)
                _host.Queue.Enqueue(new Outgoing(packet, ChannelMessages.DataHeader + count, OutgoingKind.Data, this), Priority);
            return count;
        }
    }

    /// <summary>Waits until something may be sent. What follows may run on the reader or the writer loop.</summary>
    public ValueTask WaitWritableAsync(CancellationToken cancellationToken) => _writable.WaitAsync(cancellationToken);

    /// <summary>Ends our half: EOF after all that was queued.</summary>
    public WriteEnd End()
    {
        lock (_gate)
        {
            if (_sending.EofSent)
                return WriteEnd.None;
            if (_sending.End != WriteEnd.None)
                return _sending.End;
            _sending.SendEof();
            Enqueue(ChannelMessages.Simple(MessageNumber.ChannelEof, _remote));
            if (_eofReceived && _requests is null)
                Close();
            return WriteEnd.None;
        }
    }

    /// <summary>Ends our half, the second one, when nobody waits for it: EOF and CLOSE go out with the next question to the peer. Alone they would make it answer with a small
    /// packet, and sshd up to 10.0 sends no other one until that is acknowledged, a whole round trip later (Nagle's algorithm).</summary>
    public WriteEnd EndAtLeisure()
    {
        lock (_gate)
        {
            if (_eofReceived && _requests is null && !_closeQueued && !_sending.EofSent && _sending.End == WriteEnd.None)
            {
                _sending.SendEof();
                _closeQueued = true;
                var (eof, close) = (ChannelMessages.Simple(MessageNumber.ChannelEof, _remote), ChannelMessages.Simple(MessageNumber.ChannelClose, _remote));
                _host.Queue.EnqueueAtLeisure(new Outgoing(eof), new Outgoing(close, close.Length, OutgoingKind.Close, this), Priority);
                return WriteEnd.None;
            }
        }
        return End();
    }

    /// <summary>Nobody waits for the peer's answer any more: the window goes back to the budget, and what the peer still sends within it is dropped. The number stays
    /// taken until the answer.</summary>
    public void GiveUp()
    {
        lock (_gate)
            _receiving.Abort();
    }

    /// <summary>Breaks both halves: what is unread is dropped, and what is queued if <paramref name="dropsUnsent"/>; CLOSE without EOF is all that the peer sees then. What was
    /// queued before our EOF goes out in any case: the peer would take what is left of it for all.</summary>
    public void Abort(bool dropsUnsent = true)
    {
        lock (_gate)
        {
            _dropsUnsent |= dropsUnsent && !_sending.EofSent;
            _sending.EndWith(WriteEnd.Closed);
            _receiving.Abort();
            _errors?.Clear();
            if (_open)
                Close();
        }
        Wake();
    }

    /// <summary>The owner is through. What did not end in order is broken.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            // After our EOF what is queued still goes out, ahead of the CLOSE; without it the stream is cut anyway, if it wasn't in order.
            _dropsUnsent |= !_sending.EofSent && !_closeQueued;
            _sending.EndWith(WriteEnd.Closed);
            _receiving.Abort();
            _errors?.Clear();
            if (_open)
                Close();
        }
        Wake();
    }

    private void Close()
    {
        if (_closeQueued)
            return;
        _closeQueued = true;
        var close = ChannelMessages.Simple(MessageNumber.ChannelClose, _remote);
        _host.Queue.Enqueue(new Outgoing(close, close.Length, OutgoingKind.Close, this), Priority);
    }

    private void GiveCredit(int more)
    {
        if (more == 0 || _eofReceived || _closeQueued)
            return;
        var adjust = _spareAdjust ?? new byte[ChannelMessages.WindowAdjustLength];
        _spareAdjust = null;
        ChannelMessages.WindowAdjust(adjust, _remote, more);
        _host.Queue.Enqueue(new Outgoing(adjust, adjust.Length, OutgoingKind.Adjust, this), Priority.Interactive);
    }

    private void Enqueue(byte[] message) => _host.Queue.Enqueue(new Outgoing(message), Priority);

    private void Wake()
    {
        _readable.Set();
        _writable.Set();
        _errorsReadable?.Set();
    }
}
