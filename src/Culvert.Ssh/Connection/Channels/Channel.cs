using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>One channel (RFC 4254 §5): its numbers, both windows, what was received and not read, and how each half ended. The reader loop calls the
/// methods in the part below "From the peer"; the owner of the channel those above it.</summary>
/// <remarks>Thread-safe under one lock. Packets are queued under that lock, so their order in the queue is the order of the channel's life. The
/// number is free again when our CLOSE was written and the peer's was read.</remarks>
internal sealed class Channel
{
    private readonly Lock _gate = new();
    private readonly IChannelHost _host;
    private readonly ReceiveWindow _receive;
    private readonly SendWindow _send = new();
    private readonly ReceiveBuffer _received;
    private readonly Signal _readable = new();
    private readonly Signal _writable = new();
    private readonly long _opened;
    private Action<Failure?>? _answered;
    private uint _remote;
    private bool _open;
    private byte[]? _reserved;
    private int _room;
    private int _unsent;
    private bool _writerWaits;
    private bool _aborted;
    private bool _eofSent, _eofReceived;
    private bool _closeQueued, _closeWritten, _closeReceived;
    private ReadEnd _readEnd;
    private WriteEnd _writeEnd;

    /// <summary>A channel that we ask the peer for. <paramref name="answered"/> hears, on the reader loop, that it stands (null) or why not.</summary>
    public Channel(IChannelHost host, Priority priority, Action<Failure?> answered) : this(host, priority)
    {
        _answered = answered;
    }

    /// <summary>A channel that the peer asks for.</summary>
    public Channel(IChannelHost host, Priority priority, uint remote, uint window, uint maximumPacket) : this(host, priority)
    {
        _remote = remote;
        _send.Start(window, maximumPacket);
    }

    private Channel(IChannelHost host, Priority priority)
    {
        _host = host;
        Priority = priority;
        _receive = new ReceiveWindow(host.WindowBudget, host.RoundTrip, host.Time);
        _received = new ReceiveBuffer(host.Buffers);
        InitialWindow = _receive.Size;
        _opened = host.RoundTrip.Start();
    }

    /// <summary>Our number; assigned by the table.</summary>
    public uint Number { get; set; }

    /// <summary>Its class in the send queue.</summary>
    public Priority Priority { get; }

    /// <summary>The window that the open or the confirmation announces.</summary>
    public int InitialWindow { get; }

    /// <summary>What waits for the reader, in bytes.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _received.Length;
        }
    }

    /// <summary>Confirms a channel that the peer asked for. False: the connection is gone meanwhile.</summary>
    public bool Confirm()
    {
        lock (_gate)
        {
            if (_readEnd != ReadEnd.None)
                return false;
            _open = true;
            Enqueue(ChannelMessages.Confirmation(_remote, Number, InitialWindow));
            return true;
        }
    }

    /// <summary>Refuses a channel that the peer asked for.</summary>
    public void Refuse(OpenReason reason, string text)
    {
        _host.Remove(this);
        lock (_gate)
        {
            Enqueue(ChannelMessages.OpenFailure(_remote, reason, text));
            Recycle();
        }
    }

    /// <summary>Lends what waits in one piece, or says how reading ended; neither: wait for <see cref="WaitReadableAsync"/>.</summary>
    public ReadResult TryRead()
    {
        lock (_gate)
        {
            if (_aborted)
                return new(default, ReadEnd.Reset);
            return _received.Length > 0 ? new(_received.Lend(), ReadEnd.None) : new(default, _readEnd);
        }
    }

    /// <summary>Copies what waits, or says how reading ended.</summary>
    public ReadResult TryRead(Memory<byte> into)
    {
        lock (_gate)
        {
            if (_aborted)
                return new(default, ReadEnd.Reset);
            if (_received.Length == 0)
                return new(default, _readEnd);
            var count = _received.CopyTo(into.Span);
            Credit(count);
            return new(into[..count], ReadEnd.None);
        }
    }

    /// <summary>Whether there is anything to read, be it an end.</summary>
    public bool IsReadable
    {
        get
        {
            lock (_gate)
                return _aborted || _received.Length > 0 || _readEnd != ReadEnd.None;
        }
    }

    public ValueTask WaitReadableAsync(CancellationToken cancellationToken) => _readable.WaitAsync(cancellationToken);

    /// <summary>The first <paramref name="count"/> lent bytes reached where they should go.</summary>
    public void Release(int count)
    {
        lock (_gate)
        {
            if (_aborted)
            {
                _received.Clear();
                return;
            }
            _received.Advance(count);
            Credit(count);
        }
    }

    /// <summary>Lends a slot, or says how writing ended; neither (the room is empty): wait for <see cref="WaitWritableAsync"/>.</summary>
    public Slot TryReserve()
    {
        lock (_gate)
        {
            if (_reserved is not null)
                throw new InvalidOperationException("The last slot was not committed.");
            if (_eofSent || _writeEnd != WriteEnd.None)
                return new(default, _writeEnd == WriteEnd.None ? WriteEnd.Closed : _writeEnd);
            _room = _send.Room;
            // One slot a channel always; more while the others leave room in the queue. Each channel that waits for a slot has one unsent, whose writing wakes it.
            if (_room == 0 || _unsent >= ConnectionLimits.MaximumUnsentSlots ||
                (_unsent > 0 && _host.Queue.UnsentSlots >= ConnectionLimits.MaximumUnsentSlotsOfAll))
            {
                _writerWaits = true;
                return default;
            }
            _reserved = _host.Buffers.Slots.Rent();
            return new(_reserved.AsMemory(ChannelMessages.DataHeader, _room), WriteEnd.None);
        }
    }

    public ValueTask WaitWritableAsync(CancellationToken cancellationToken) => _writable.WaitAsync(cancellationToken);

    /// <summary>Queues what was filled of the reserved slot.</summary>
    public WriteEnd Commit(int count)
    {
        lock (_gate)
        {
            var slot = _reserved ?? throw new InvalidOperationException("No slot was reserved.");
            ArgumentOutOfRangeException.ThrowIfNegative(count);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _room);
            _reserved = null;
            if (count == 0 || _writeEnd != WriteEnd.None)
            {
                _host.Buffers.Slots.Return(slot);
                return _writeEnd;
            }
            ChannelMessages.WriteDataHeader(slot, _remote, count);
            _send.Sent(count);
            _unsent++;
            _host.Queue.Enqueue(new Outgoing(slot, ChannelMessages.DataHeader + count, OutgoingKind.Data, this), Priority);
            return WriteEnd.None;
        }
    }

    /// <summary>Ends our half: EOF after all that was queued.</summary>
    public WriteEnd End()
    {
        lock (_gate)
        {
            if (_eofSent)
                return WriteEnd.None;
            if (_writeEnd != WriteEnd.None)
                return _writeEnd;
            _eofSent = true;
            Enqueue(ChannelMessages.Simple(MessageNumber.ChannelEof, _remote));
            if (_eofReceived)
                Close();
            return WriteEnd.None;
        }
    }

    /// <summary>Breaks both halves: what is queued and unread is dropped, CLOSE without EOF is what the peer sees.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            if (_aborted)
                return;
            _aborted = true;
            _readEnd = ReadEnd.Reset;
            if (_writeEnd == WriteEnd.None)
                _writeEnd = WriteEnd.Closed;
            _received.DropUnlent();
            _receive.Dispose();
            if (_open)
                Close();
        }
        Wake();
    }

    /// <summary>The owner is through: nothing of the channel is in use any more. What did not end in order is broken.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            // After our EOF what is queued still goes out, before the CLOSE; without it the stream is cut anyway.
            if (!_eofSent)
                _aborted = true;
            if (_writeEnd == WriteEnd.None)
                _writeEnd = WriteEnd.Closed;
            if (_readEnd is ReadEnd.None)
                _readEnd = ReadEnd.Reset;
            if (_reserved is { } slot)
            {
                _reserved = null;
                _host.Buffers.Slots.Return(slot);
            }
            Recycle();
            if (_open)
                Close();
        }
        Wake();
    }

    /// <summary>Wakes the reader: data was received. Separate from receiving, so that the reader loop gathers first.</summary>
    public void WakeReader() => _readable.Set();

    // From the peer, and from the writer loop

    /// <summary>CHANNEL_OPEN_CONFIRMATION for a channel that we asked for.</summary>
    public void Confirmed(uint remote, uint window, uint maximumPacket)
    {
        Action<Failure?> answered;
        lock (_gate)
        {
            answered = _answered ?? throw Unexpected("CHANNEL_OPEN_CONFIRMATION");
            _answered = null;
            _remote = remote;
            _send.Start(window, maximumPacket);
            _open = true;
        }
        _host.RoundTrip.Answered(_opened);
        answered(null);
    }

    /// <summary>CHANNEL_OPEN_FAILURE for a channel that we asked for.</summary>
    public void Refused(Failure failure)
    {
        Action<Failure?> answered;
        lock (_gate)
        {
            answered = _answered ?? throw Unexpected("CHANNEL_OPEN_FAILURE");
            _answered = null;
            Recycle();
        }
        _host.Remove(this);
        answered(failure);
    }

    /// <summary>CHANNEL_DATA. True: the reader should be woken.</summary>
    public bool Data(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            MustTakeData("CHANNEL_DATA");
            // On its way while our CLOSE was: nobody reads it and nobody accounts for it.
            if (_closeQueued || _aborted || _readEnd != ReadEnd.None)
                return false;
            _receive.Received(bytes.Length);
            _received.Append(bytes);
            return true;
        }
    }

    /// <summary>CHANNEL_EXTENDED_DATA: there is no second stream here, so it's dropped and its credit goes back.</summary>
    public void ExtendedData(int count)
    {
        lock (_gate)
        {
            MustTakeData("CHANNEL_EXTENDED_DATA");
            if (_closeQueued || _aborted || _readEnd != ReadEnd.None)
                return;
            _receive.Received(count);
            Credit(count);
        }
    }

    /// <summary>CHANNEL_WINDOW_ADJUST.</summary>
    public void Adjust(uint more)
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_WINDOW_ADJUST");
            _send.Adjust(more);
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
            if (_readEnd == ReadEnd.None)
                _readEnd = ReadEnd.Ended;
            if (_eofSent)
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
            if (_writeEnd == WriteEnd.None)
                _writeEnd = WriteEnd.Closed;
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
            if (_readEnd == ReadEnd.None)
                _readEnd = ReadEnd.Lost;
            if (_writeEnd == WriteEnd.None)
                _writeEnd = WriteEnd.Closed;
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
        Action<Failure?>? answered;
        lock (_gate)
        {
            answered = _answered;
            _answered = null;
            _closeQueued = true;
            if (_readEnd == ReadEnd.None)
                _readEnd = ReadEnd.Lost;
            if (_writeEnd == WriteEnd.None)
                _writeEnd = WriteEnd.Lost;
            if (!_open)
                Recycle();
        }
        answered?.Invoke(failure);
        Wake();
    }

    /// <summary>Whether a packet of this channel still goes out when its turn comes.</summary>
    public bool Sends(OutgoingKind kind)
    {
        lock (_gate)
            return kind switch
            {
                OutgoingKind.Data => !_aborted,
                OutgoingKind.Adjust => !_closeWritten,
                _ => true,
            };
    }

    /// <summary>A packet of this channel was written, or left out.</summary>
    public void Written(OutgoingKind kind)
    {
        if (kind == OutgoingKind.Adjust)
            return;
        lock (_gate)
        {
            if (kind == OutgoingKind.Close)
                _closeWritten = true;
            // Half of the slots at once: a writer that is woken for each of them costs more than it sends.
            else if (--_unsent <= ConnectionLimits.MaximumUnsentSlots / 2)
                WakeWriter();
        }
        if (kind == OutgoingKind.Close)
            FreeNumber();
    }

    private void FreeNumber()
    {
        lock (_gate)
        {
            if (!_closeWritten || !_closeReceived)
                return;
        }
        _host.Remove(this);
    }

    // Under the lock

    private void Close()
    {
        if (_closeQueued)
            return;
        _closeQueued = true;
        var close = ChannelMessages.Simple(MessageNumber.ChannelClose, _remote);
        _host.Queue.Enqueue(new Outgoing(close, close.Length, OutgoingKind.Close, this), Priority);
    }

    private void Credit(int count)
    {
        if (_receive.Read(count) is var more && more > 0 && !_eofReceived && !_closeQueued)
        {
            var adjust = ChannelMessages.WindowAdjust(_remote, more);
            _host.Queue.Enqueue(new Outgoing(adjust, adjust.Length, OutgoingKind.Adjust, this), Priority.Interactive);
        }
    }

    private void Recycle()
    {
        _received.Clear();
        _receive.Dispose();
    }

    private void Enqueue(byte[] message) => _host.Queue.Enqueue(new Outgoing(message), Priority);

    private void WakeWriter()
    {
        if (!_writerWaits)
            return;
        _writerWaits = false;
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

    private void MustTakeData(string message)
    {
        if (!_open || _closeReceived || _eofReceived)
            throw Unexpected(message);
    }

    private SshProtocolException Unexpected(string message) => new($"{message} for channel {Number}, which is not in a state for it");
}
