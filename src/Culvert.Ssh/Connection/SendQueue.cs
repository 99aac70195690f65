using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>What a packet that waits for the writer is, for those who must hear when it was written.</summary>
internal enum OutgoingKind : byte
{
    /// <summary>A message without data; its array is its own.</summary>
    Message,
    /// <summary>CHANNEL_DATA in a pooled slot.</summary>
    Data,
    /// <summary>WINDOW_ADJUST of a channel: the one message that travels in another class than the channel's data, because order doesn't matter to it.</summary>
    Adjust,
    /// <summary>A channel's CLOSE, its last message.</summary>
    Close,
    /// <summary>A message that the peer answers at once: CHANNEL_OPEN, or a global request with a reply.</summary>
    Question,
}

/// <summary>A packet that waits for the writer.</summary>
internal readonly record struct Outgoing(byte[] Packet, int Length, OutgoingKind Kind, Channel? Channel)
{
    public Outgoing(byte[] message, OutgoingKind kind = OutgoingKind.Message) : this(message, message.Length, kind, null) { }
}

/// <summary>What the writer finds when it asks for the next packet.</summary>
internal enum NextOutgoing { Packet, Nothing, Finished }

/// <summary>Packets on their way to the writer, in two classes: interactive ones overtake bulk ones, but not for ever. Order within a class is kept,
/// and a channel's data, EOF and CLOSE are of one class, so order within a channel is kept too. Bounded by those who fill it: data by the slots a channel
/// may have unsent, messages by <see cref="ConnectionLimits.MaximumQueuedMessages"/>. Thread-safe; one task takes.
/// <para>Channels that end at leisure wait beside it: their last messages join when the next question goes to the peer, which answers both in one packet, or when their time is up.</para></summary>
internal sealed class SendQueue : ITurnEnd, IDisposable
{
    private readonly BufferPool _slots;
    private readonly Lock _gate = new();
    private readonly Queue<Outgoing> _interactive = new();
    private readonly Queue<Outgoing> _bulk = new();
    private readonly Queue<LastWords> _atLeisure = new();
    private readonly ITimer _leisure;
    private readonly Signal _filled = new();
    private int _interactiveRun;
    private int _messages;
    private int _unsentSlots;
    private bool _finished;

    /// <param name="slots">Where the slots of data packets come from.</param>
    /// <param name="time">For ends at leisure.</param>
    public SendQueue(BufferPool slots, TimeProvider time)
    {
        _slots = slots;
        _leisure = time.CreateTimer(static queue => ((SendQueue)queue!).EndLeisure(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Data packets of all channels that were not written yet.</summary>
    public int UnsentSlots => Volatile.Read(ref _unsentSlots);

    /// <summary>Messages without data that were not written yet.</summary>
    public int Messages => Volatile.Read(ref _messages);

    /// <summary>Appends a packet. After the end it is dropped: the connection is gone, and whoever waits is told elsewhere.</summary>
    public void Enqueue(in Outgoing packet, Priority priority)
    {
        lock (_gate)
        {
            if (_finished)
            {
                Drop(packet);
                return;
            }
            if (packet.Kind == OutgoingKind.Question)
                Join();
            Append(packet, priority);
        }
        // All that one turn of the network's loop makes us send goes out together.
        if (!Turn.TryPutOff(this))
            _filled.Set();
    }

    /// <summary>Appends the last messages of a channel that nobody waits for, when the next <see cref="OutgoingKind.Question"/> comes or
    /// <see cref="ConnectionLimits.LeisureTime"/> is over. They don't overtake what the channel has sent.</summary>
    public void EnqueueAtLeisure(in Outgoing eof, in Outgoing close, Priority priority)
    {
        lock (_gate)
        {
            if (_finished)
                return;
            _atLeisure.Enqueue(new(eof, close, priority));
            if (_atLeisure.Count == 1)
                _leisure.Change(ConnectionLimits.LeisureTime, Timeout.InfiniteTimeSpan);
            if (_atLeisure.Count < ConnectionLimits.MaximumEndsAtLeisure)
                return;
            Join();
        }
        _filled.Set();
    }

    void ITurnEnd.OnTurnEnd() => _filled.Set(here: true);

    /// <summary>Takes the next packet. Its slot, if it has one, is the taker's to return.</summary>
    public NextOutgoing TryDequeue(out Outgoing packet)
    {
        lock (_gate)
        {
            var overdue = _interactiveRun >= ConnectionLimits.MaximumInteractiveRun && _bulk.Count > 0;
            if (!overdue && _interactive.TryDequeue(out packet))
            {
                _interactiveRun = _bulk.Count > 0 ? _interactiveRun + 1 : 0;
            }
            else if (_bulk.TryDequeue(out packet))
            {
                _interactiveRun = 0;
            }
            else
            {
                packet = default;
                return _finished ? NextOutgoing.Finished : NextOutgoing.Nothing;
            }
            Count(packet, -1);
            return NextOutgoing.Packet;
        }
    }

    /// <summary>Waits until there may be something to take.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken) => _filled.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _leisure.Dispose();

    /// <summary>Takes nothing more. What waits is still to be written, or (<paramref name="drop"/>) dropped; a later call can only drop.</summary>
    public void Finish(bool drop)
    {
        lock (_gate)
        {
            Join();
            // Nobody is told of what is dropped: the connection is at its end, and its channels hear that.
            while (drop && (_interactive.TryDequeue(out var packet) || _bulk.TryDequeue(out packet)))
            {
                Count(packet, -1);
                Drop(packet);
            }
            _finished = true;
        }
        _filled.Set();
    }

    private void EndLeisure()
    {
        lock (_gate)
            Join();
        _filled.Set();
    }

    private void Join()
    {
        while (_atLeisure.TryDequeue(out var last))
        {
            Append(last.Eof, last.Priority);
            Append(last.Close, last.Priority);
        }
    }

    private void Append(in Outgoing packet, Priority priority)
    {
        Count(packet, 1);
        (priority == Priority.Interactive ? _interactive : _bulk).Enqueue(packet);
    }

    private void Count(in Outgoing packet, int change)
    {
        if (packet.Kind == OutgoingKind.Data)
            _unsentSlots += change;
        else
            _messages += change;
    }

    private void Drop(in Outgoing packet)
    {
        if (packet.Kind == OutgoingKind.Data)
            _slots.Return(packet.Packet);
    }

    private readonly record struct LastWords(Outgoing Eof, Outgoing Close, Priority Priority);
}
