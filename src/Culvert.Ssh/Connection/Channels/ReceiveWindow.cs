using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>How much the peer may send us on one channel (RFC 4254 §5.2), and when it hears of more. Pure accounting; the channel's lock guards it.</summary>
/// <remarks><para>At any time: credit the peer holds + bytes that wait for their reader + bytes read but not yet credited = size.</para>
/// <para>Credit is given back when an eighth of the window was read (but a packet at least): the peer never sees less than seven eighths of the window,
/// and at the start size it's woken once for 256 KiB, about what one send to the client's socket carries. OpenSSH's own three packets wake the peer
/// nearly three times as often, half a window lets a path with a long round trip run dry.</para>
/// <para>The window doubles when all of it was read within two round trips: then it, and not the path or the reader, was the limit (a full window takes one round trip
/// plus the delay of its credit). On a short path that never happens, which is wanted: sshd pays for a large window with copies.</para></remarks>
internal sealed class ReceiveWindow
{
    private readonly WindowBudget _budget;
    private readonly RoundTrip _roundTrip;
    private readonly TimeProvider _time;
    private int _read;
    private long _roundStart;
    private long _roundRead;
    private bool _isGivenBack;

    /// <param name="budget">Charged for it.</param>
    /// <param name="roundTrip">How fast the peer answers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="wished">What it begins with while the budget isn't tight.</param>
    public ReceiveWindow(WindowBudget budget, RoundTrip roundTrip, TimeProvider time, int wished = Limits.InitialWindow)
    {
        _budget = budget;
        _roundTrip = roundTrip;
        _time = time;
        Size = Credit = budget.GrantFirst(wished, ConnectionLimits.MinimumWindow);
        _roundStart = time.GetTimestamp();
    }

    /// <summary>What is charged to the budget.</summary>
    public int Size { get; private set; }

    /// <summary>What the peer may still send.</summary>
    public int Credit { get; private set; }

    private int Threshold => Math.Max(Size / 8, Math.Min(Size / 2, Limits.MaximumChannelPacket));

    /// <summary>Data came.</summary>
    /// <exception cref="SshProtocolException">More than the peer may send.</exception>
    public void Received(int count)
    {
        if (count > Limits.MaximumChannelPacket)
            throw new SshProtocolException($"CHANNEL_DATA of {count} bytes, {Limits.MaximumChannelPacket} are allowed in one packet");
        if (count > Credit)
            throw new SshProtocolException($"CHANNEL_DATA of {count} bytes, the window has {Credit}");
        Credit -= count;
    }

    /// <summary>Data reached where it should go. Returns the credit to send now, often 0.</summary>
    public int Read(int count)
    {
        _read += count;
        _roundRead += count;
        var more = 0;
        if (_roundRead >= Size)
            more = EndRound();
        if (more == 0 && _budget.IsTight && Size > ConnectionLimits.MinimumWindow)
            Shrink();
        if (more == 0 && _read < Threshold)
            return 0;
        more += _read;
        _read = 0;
        Credit += more;
        return more;
    }

    /// <summary>Gives the window back to the budget.</summary>
    public void GiveBack()
    {
        if (_isGivenBack)
            return;
        _isGivenBack = true;
        _budget.Return(Size);
    }

    private int EndRound()
    {
        var took = _time.GetElapsedTime(_roundStart);
        _roundStart = _time.GetTimestamp();
        _roundRead = 0;
        if (_roundTrip.Shortest is not { } roundTrip || took > 2 * roundTrip || Size > ConnectionLimits.MaximumWindow / 2 || _isGivenBack || !_budget.TryGrow(Size))
            return 0;
        var more = Size;
        Size += more;
        return more;
    }

    /// <summary>Withholds credit: a granted window can't be revoked, but what was read need not be granted again.</summary>
    private void Shrink()
    {
        var less = Math.Min(_read, Size - ConnectionLimits.MinimumWindow);
        if (_isGivenBack)
            return;
        Size -= less;
        _read -= less;
        _budget.Return(less);
    }
}
