using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>One channel (RFC 4254 §5): its numbers, its two halves, and the messages of its life. <see cref="ChannelDuplex"/> calls the first part, the
/// reader loop and the writer loop the second.</summary>
/// <remarks>Thread-safe under one lock. Packets are queued under that lock, so their order in the queue is the order of the channel's life. The
/// number is free again when our CLOSE was written and the peer's was read.</remarks>
internal sealed class Channel
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

    /// <summary>A channel that we ask the peer for. <paramref name="answered"/> hears, on the reader loop, that it stands (null) or why not; once.</summary>
    public Channel(ChannelHost host, Priority priority, Action<Failure?, Channel> answered) : this(host, priority)
    {
        _answered = answered;
    }

    /// <summary>A channel that the peer asks for.</summary>
    public Channel(ChannelHost host, Priority priority, uint remote, uint window, uint maximumPacket) : this(host, priority)
    {
        _remote = remote;
        _sending.Start(window, maximumPacket);
    }

    private Channel(ChannelHost host, Priority priority)
    {
        _host = host;
        Priority = priority;
        _receiving = new ReceivingHalf(host);
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

    /// <summary>Confirms a channel that the peer asked for. False: the connection is gone meanwhile.</summary>
    public bool Confirm()
    {
        lock (_gate)
        {
            if (_receiving.HasEnded)
                return false;
            _open = true;
            Enqueue(ChannelMessages.Confirmation(_remote, Number, InitialWindow));
            return true;
        }
    }

    /// <summary>Refuses a channel that the peer asked for.</summary>
    public void Refuse(OpenReason reason, string text)
    {
        lock (_gate)
        {
            Enqueue(ChannelMessages.OpenFailure(_remote, reason, text));
            _receiving.Recycle();
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

    public ValueTask WaitReadableAsync(CancellationToken cancellationToken) => _readable.WaitAsync(cancellationToken);

    /// <summary>The first <paramref name="count"/> lent bytes reached where they should go.</summary>
    public void Release(int count)
    {
        lock (_gate)
            GiveCredit(_receiving.Release(count));
    }

    /// <summary>Lends a slot, or says how writing ended; neither (the room is empty): wait for <see cref="WaitWritableAsync"/>.</summary>
    public Slot TryReserve()
    {
        lock (_gate)
            return _sending.TryReserve();
    }

    public ValueTask WaitWritableAsync(CancellationToken cancellationToken) => _writable.WaitAsync(cancellationToken);

    /// <summary>Queues what was filled of the reserved slot.</summary>
    public WriteEnd Commit(int count)
    {
        lock (_gate)
        {
            if (_sending.Commit(count, _remote) is not { } packet)
                return _sending.End;
            _host.Queue.Enqueue(new Outgoing(packet, ChannelMessages.DataHeader + count, OutgoingKind.Data, this), Priority);
            return WriteEnd.None;
        }
    }

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
            if (_eofReceived)
                Close();
            return WriteEnd.None;
        }
    }

    /// <summary>Breaks both halves: what is queued and unread is dropped; CLOSE without EOF is all that the peer sees.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            _dropsUnsent = true;
            _sending.EndWith(WriteEnd.Closed);
            _receiving.Abort();
            if (_open)
                Close();
        }
        Wake();
    }

    /// <summary>The owner is through, and nothing lent is in use any more. What did not end in order is broken.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            // After our EOF what is queued still goes out, ahead of the CLOSE; without it the stream is cut anyway.
            _dropsUnsent |= !_sending.EofSent;
            _sending.EndWith(WriteEnd.Closed);
            _sending.ReturnSlot();
            _receiving.Recycle();
            if (_open)
                Close();
        }
        Wake();
    }

    // From here on: the reader loop and the writer loop.

    /// <summary>Wakes the reader. Separate from receiving, so that the reader loop can gather first.</summary>
    public void WakeReader() => _readable.Set();

    /// <summary>CHANNEL_OPEN_CONFIRMATION for a channel that we asked for.</summary>
    public void Confirmed(uint remote, uint window, uint maximumPacket)
    {
        Action<Failure?, Channel> answered;
        lock (_gate)
        {
            _sending.Start(window, maximumPacket);
            answered = _answered ?? throw Unexpected("CHANNEL_OPEN_CONFIRMATION");
            _answered = null;
            _remote = remote;
            _open = true;
        }
        _host.RoundTrip.Answered(_asked);
        answered(null, this);
    }

    /// <summary>CHANNEL_OPEN_FAILURE for a channel that we asked for.</summary>
    public void Refused(Failure failure)
    {
        Action<Failure?, Channel> answered;
        lock (_gate)
        {
            answered = _answered ?? throw Unexpected("CHANNEL_OPEN_FAILURE");
            _answered = null;
            _receiving.Recycle();
        }
        _host.Table.Remove(this);
        answered(failure, this);
    }

    /// <summary>CHANNEL_DATA. Returns what waits for the reader now, in bytes; 0: nothing to wake it for.</summary>
    public int Data(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!TakesData("CHANNEL_DATA"))
                return 0;
            _receiving.Received(bytes);
            return _receiving.Waiting;
        }
    }

    /// <summary>CHANNEL_EXTENDED_DATA: there is no second stream here, so it's dropped and its credit goes back.</summary>
    public void ExtendedData(int count)
    {
        lock (_gate)
        {
            if (TakesData("CHANNEL_EXTENDED_DATA"))
                GiveCredit(_receiving.Discarded(count));
        }
    }

    /// <summary>CHANNEL_WINDOW_ADJUST.</summary>
    public void Adjust(uint more)
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_WINDOW_ADJUST");
            _sending.Adjust(more);
            WakeWriter();
        }
    }

    /// <summary>CHANNEL_EOF.</summary>
    public void Eof()
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_EOF");
            _eofReceived = true;
            _receiving.End(ReadEnd.Ended);
            if (_sending.EofSent)
                Close();
        }
        _readable.Set();
    }

    /// <summary>The peer's application takes no more (<c>eow@openssh.com</c>); it may still send.</summary>
    public void EndOfWrite()
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_REQUEST");
            _sending.EndWith(WriteEnd.Closed);
            WakeWriter();
        }
    }

    /// <summary>CHANNEL_CLOSE: it's answered at once, and without an EOF before it what was sent is not known to be all.</summary>
    public void Closed()
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_CLOSE");
            _closeReceived = true;
            _receiving.End(ReadEnd.Lost);
            _sending.EndWith(WriteEnd.Closed);
            Close();
        }
        Wake();
        FreeNumber();
    }

    /// <summary>A CHANNEL_REQUEST that we don't know.</summary>
    public void RefuseRequest()
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_REQUEST");
            if (!_closeQueued)
                Enqueue(ChannelMessages.Simple(MessageNumber.ChannelFailure, _remote));
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Lost(Failure failure)
    {
        Action<Failure?, Channel>? answered;
        lock (_gate)
        {
            answered = _answered;
            _answered = null;
            _closeQueued = true;
            _receiving.End(ReadEnd.Lost);
            _sending.EndWith(WriteEnd.Lost);
            if (!_open)
                _receiving.Recycle();
        }
        answered?.Invoke(failure, this);
        Wake();
    }

    /// <summary>Whether a packet of this channel still goes out when its turn has come.</summary>
    public bool Sends(OutgoingKind kind)
    {
        lock (_gate)
        {
            return kind switch
            {
                OutgoingKind.Data => !_dropsUnsent,
                OutgoingKind.Adjust => !_closeWritten,
                _ => true,
            };
        }
    }

    /// <summary>A packet of this channel was written, or left out.</summary>
    public void Written(OutgoingKind kind)
    {
        lock (_gate)
        {
            if (kind == OutgoingKind.Data && _sending.Written())
                WakeWriter();
            if (kind != OutgoingKind.Close)
                return;
            _closeWritten = true;
        }
        FreeNumber();
    }

    private void FreeNumber()
    {
        bool free;
        lock (_gate)
            free = _closeWritten && _closeReceived;
        if (free)
            _host.Table.Remove(this);
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
        var adjust = ChannelMessages.WindowAdjust(_remote, more);
        _host.Queue.Enqueue(new Outgoing(adjust, adjust.Length, OutgoingKind.Adjust, this), Priority.Interactive);
    }

    private void Enqueue(byte[] message) => _host.Queue.Enqueue(new Outgoing(message), Priority);

    private void WakeWriter()
    {
        if (!_sending.IsAwaited)
            return;
        _sending.IsAwaited = false;
        _writable.Set();
    }

    private void Wake()
    {
        _readable.Set();
        _writable.Set();
    }

    private void MustBeOpen(string message)
    {
        if (!_open || _closeReceived)
            throw Unexpected(message);
    }

    /// <summary>False: on its way while our CLOSE was, or nobody reads; it's dropped without accounting.</summary>
    private bool TakesData(string message)
    {
        if (!_open || _closeReceived || _eofReceived)
            throw Unexpected(message);
        return !_closeQueued && !_receiving.HasEnded;
    }

    private SshProtocolException Unexpected(string message) => new($"{message} for channel {Number}, which is in no state for it");
}
