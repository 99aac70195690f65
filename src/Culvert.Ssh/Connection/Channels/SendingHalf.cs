using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>The sending half of a channel: the peer's window, how many slots wait for the writer, and how writing ended. Not thread-safe: the channel's lock guards it.</summary>
internal sealed class SendingHalf(ChannelHost host)
{
    private readonly SendWindow _window = new();
    private int _unsent;
    private bool _isAwaited;
    private int _sinceNudge;
    private bool _wasSpent;
    private HeldCredit? _held;

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

    public void Start(uint window, uint maximumPacket)
    {
        _window.Start(window, maximumPacket);
        if (host.Nudge is { IsNeeded: false })
            _held = new HeldCredit(window, host.Time);
    }

    public void Adjust(uint more)
    {
        if (_held is not null && host.Nudge is { } nudge && host.RoundTrip.FarAway is { } roundTrip && _held.Came(more, isSpent: _window.Left == 0, roundTrip))
        {
            nudge.Need();
            _held = null;
        }
        _window.Adjust(more);
    }

    /// <summary>Makes a packet of the first of these bytes, in a slot; says of how many. Null with an end, or without one: wait.</summary>
    public byte[]? TryFill(ReadOnlySpan<byte> bytes, uint recipient, out int count, out WriteEnd end)
    {
        // A channel always gets one slot, and more while the others leave room in the queue. Whoever waits for a slot has one unsent, whose writing wakes him.
        var mayFill = _unsent < ConnectionLimits.MaximumUnsentSlots && (_unsent == 0 || host.Queue.UnsentSlots < ConnectionLimits.MaximumUnsentSlotsOfAll);
        count = TryTake(mayFill ? bytes.Length : 0, out end);
        if (count == 0)
            return null;
        var slot = host.Buffers.Slots.Rent();
        ChannelMessages.WriteDataHeader(slot, recipient, count);
        bytes[..count].CopyTo(slot.AsSpan(ChannelMessages.DataHeader));
        _unsent++;
        return slot;
    }

    /// <summary>Takes credit: as much as the peer's window and one packet allow. 0 with an end, or without one: wait.</summary>
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

    /// <summary>After a slot was written: whether it's time for a <see cref="Nudge"/>. When all that the peer takes was written; from then on, the window being what holds us up, also now
    /// and then on the way.</summary>
    public bool IsNudgeDue()
    {
        _sinceNudge++;
        var isSpent = _unsent == 0 && _window.Room == 0;
        _wasSpent |= isSpent;
        if (!isSpent && (!_wasSpent || _sinceNudge < ConnectionLimits.SlotsForNudge))
            return false;
        _sinceNudge = 0;
        return true;
    }

    public void SendEof() => EofSent = true;

    /// <summary>The first end is kept.</summary>
    public void EndWith(WriteEnd end)
    {
        if (End == WriteEnd.None)
            End = end;
    }
}
