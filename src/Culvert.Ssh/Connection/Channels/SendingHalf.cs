using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>The sending half of a channel: the peer's window, the slot that is being filled, how many wait for the writer, and how writing
/// ended. Not thread-safe: the channel's lock guards it.</summary>
internal sealed class SendingHalf(ChannelHost host)
{
    private readonly SendWindow _window = new();
    private byte[]? _reserved;
    private int _room;
    private int _unsent;
    private bool _isAwaited;

    /// <summary>How writing ended by the peer, the network or an abort; our own EOF is not in it.</summary>
    public WriteEnd End { get; private set; }

    /// <summary>What the peer takes before it gives more credit, in bytes.</summary>
    public uint Window => _window.Left;

    /// <summary>Our EOF is queued.</summary>
    public bool EofSent { get; private set; }

    /// <summary>Whether somebody waits for a slot, who is to be woken now and once.</summary>
    public bool TakeAwaited()
    {
        var awaited = _isAwaited;
        _isAwaited = false;
        return awaited;
    }

    public void Start(uint window, uint maximumPacket) => _window.Start(window, maximumPacket);

    public void Adjust(uint more) => _window.Adjust(more);

    /// <summary>Lends a slot, or says how writing ended; neither (the room is empty): wait.</summary>
    public Slot TryReserve()
    {
        if (_reserved is not null)
            throw new InvalidOperationException("The last slot was not committed.");
        if (End != WriteEnd.None || EofSent)
            return new(default, End == WriteEnd.None ? WriteEnd.Closed : End);
        _room = _window.Room;
        // A channel always gets one slot, and more while the others leave room in the queue. Whoever waits for a slot has one unsent, whose writing wakes him.
        if (_room == 0 || _unsent >= ConnectionLimits.MaximumUnsentSlots ||
            (_unsent > 0 && host.Queue.UnsentSlots >= ConnectionLimits.MaximumUnsentSlotsOfAll))
        {
            _isAwaited = true;
            return default;
        }
        _reserved = host.Buffers.Slots.Rent();
        return new(_reserved.AsMemory(ChannelMessages.DataHeader, _room), WriteEnd.None);
    }

    /// <summary>Makes a packet of what was filled of the slot; null: nothing is to be sent, and <see cref="End"/> says whether that's an end.</summary>
    public byte[]? Commit(int count, uint recipient)
    {
        var slot = _reserved ?? throw new InvalidOperationException("No slot was reserved.");
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _room);
        if (count == 0 || End != WriteEnd.None)
        {
            ReturnSlot();
            return null;
        }
        _reserved = null;
        _window.Sent(count);
        _unsent++;
        ChannelMessages.WriteDataHeader(slot, recipient, count);
        return slot;
    }

    /// <summary>Takes credit for data that travels without a slot: as much as the peer's window and one packet allow. 0 with an end, or without one: wait.</summary>
    public int TryTake(int count, out WriteEnd end)
    {
        end = End != WriteEnd.None ? End : EofSent ? WriteEnd.Closed : WriteEnd.None;
        if (end != WriteEnd.None)
            return 0;
        count = Math.Min(count, _window.Room);
        _isAwaited |= count == 0;
        _window.Sent(count);
        return count;
    }

    /// <summary>A slot was written, or left out. True: enough are free to wake who waits. Half of them at once, because a writer that is woken for each of them costs more
    /// than it sends.</summary>
    public bool Written() => --_unsent <= ConnectionLimits.MaximumUnsentSlots / 2;

    public void SendEof() => EofSent = true;

    /// <summary>The first end is kept.</summary>
    public void EndWith(WriteEnd end)
    {
        if (End == WriteEnd.None)
            End = end;
    }

    /// <summary>Gives back a slot that nobody fills any more.</summary>
    public void ReturnSlot()
    {
        if (_reserved is not { } slot)
            return;
        _reserved = null;
        host.Buffers.Slots.Return(slot);
    }
}
