using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>How much the peer may send us on one channel (RFC 4254 §5.2), and when it hears of more. Pure accounting; the channel's lock guards it.</summary>
/// <remarks><para>At any time: credit the peer holds + bytes that wait for their reader + bytes read but not yet credited = size.</para>
/// <para>Credit is given back when an eighth of the window was read (but a packet at least, and at most what one send to the client's socket carries), twice as much where
/// the peer is near: OpenSSH's own three packets wake the peer nearly three times as often at the start size, half a window lets a path with a long round trip run dry.</para>
/// <para>Whether the window is the limit is measured: one credit at a time is followed until the first byte comes that was sent on it. A peer that had nothing
/// left uses it at once, so that takes a round trip; it takes longer where the path, the reader or the peer's source is the limit. A size that proved to be the limit
/// doubles, and where credit waits for long a third is withheld.</para>
/// <para>Credit that the path can't use isn't only useless: sshd reads as much as it has credit for into a buffer that it copies for every packet's worth more
/// (<see cref="Limits.LargeChannelPacket"/>).</para></remarks>
internal sealed class ReceiveWindow
{
    private const long None = -1;

    /// <summary>In round trips: a credit that is used within them was waited for. A quarter is for the time that programs take to run.</summary>
    private const double LimitingBelow = 1.25;

    /// <summary>In round trips: a credit that waits longer is far from being needed.</summary>
    private const double NeedlessAbove = 2.5;

    /// <summary>A round trip on one machine, or in one house.</summary>
    private static readonly TimeSpan s_atOnce = TimeSpan.FromMilliseconds(2);

    private readonly WindowBudget _budget;
    private readonly RoundTrip _roundTrip;
    private readonly TimeProvider _time;
    private readonly int _maximumPacket;
    private int _read;
    private long _received;
    private long _followed = None;
    private long _followedSince;
    private int _followedSize;
    private int _lacking;
    private int _needless;
    private bool _isGivenBack;

    /// <param name="budget">Charged for it.</param>
    /// <param name="roundTrip">How fast the peer answers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="wished">What it begins with while the budget isn't tight.</param>
    /// <param name="maximumPacket">What the peer may send in one packet.</param>
    public ReceiveWindow(WindowBudget budget, RoundTrip roundTrip, TimeProvider time, int wished = Limits.InitialWindow, int maximumPacket = Limits.MaximumChannelPacket)
    {
        _maximumPacket = maximumPacket;
        _budget = budget;
        _roundTrip = roundTrip;
        _time = time;
        Size = Credit = budget.GrantFirst(wished, ConnectionLimits.MinimumWindow);
    }

    /// <summary>What is charged to the budget.</summary>
    public int Size { get; private set; }

    /// <summary>What the peer may still send.</summary>
    public int Credit { get; private set; }

    /// <summary>Where an answer is here at once, the peer can't run dry meanwhile.</summary>
    private int Threshold => _roundTrip.Shortest < s_atOnce ? CreditOf(Size / 4, 2 * ConnectionLimits.GatheredBytes) : CreditOf(Size / 8, ConnectionLimits.GatheredBytes);

    private int CreditOf(int part, int most) => Math.Clamp(part, Math.Min(Size / 2, Limits.MaximumChannelPacket), most);

    /// <summary>Data came.</summary>
    /// <exception cref="SshProtocolException">More than the peer may send.</exception>
    public void Received(int count)
    {
        if (count > _maximumPacket)
            throw new SshProtocolException($"CHANNEL_DATA of {count} bytes, {_maximumPacket} are allowed in one packet");
        if (count > Credit)
            throw new SshProtocolException($"CHANNEL_DATA of {count} bytes, the window has {Credit}");
        Credit -= count;
        _received += count;
        if (_followed != None && _received > _followed)
            CreditWasUsed();
    }

    /// <summary>Data reached where it should go. Returns the credit to send now, often 0.</summary>
    public int Read(int count)
    {
        _read += count;
        if (!_isGivenBack)
            Resize(count);
        if (_read < Threshold)
            return 0;
        if (_followed == None)
            (_followed, _followedSince, _followedSize) = (_received + Credit, _time.GetTimestamp(), Size);
        var more = _read;
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

    private void CreditWasUsed()
    {
        _followed = None;
        if (_roundTrip.Shortest is not { } roundTrip)
            return;
        var took = _time.GetElapsedTime(_followedSince);
        // Twice what was proved, not what is granted meanwhile; a small first window first becomes an ordinary one.
        var wanted = Math.Clamp(2 * _followedSize, Limits.InitialWindow, ConnectionLimits.MaximumWindow);
        _lacking = took < LimitingBelow * roundTrip ? wanted - Size : 0;
        _needless = took > NeedlessAbove * roundTrip ? Math.Min(Size / 3, Size - Limits.InitialWindow) : 0;
    }

    /// <summary>Grants more than was read, or less: a granted window can't be revoked, but what was read need not be granted again.</summary>
    private void Resize(int count)
    {
        var more = Math.Min(count, _lacking);
        if (more > 0 && _budget.TryGrow(more))
        {
            _lacking -= more;
            Size += more;
            _read += more;
        }
        // What is needless is withheld from half of what comes, so that the peer need not stop; what the budget lacks, at once.
        var less = _budget.IsTight ? Math.Min(_read, Size - ConnectionLimits.MinimumWindow) : Math.Min(count / 2, _needless);
        if (less <= 0)
            return;
        _needless -= Math.Min(less, Math.Max(_needless, 0));
        Size -= less;
        _read -= less;
        _budget.Return(less);
    }
}
