namespace Culvert.Ssh.Connection;

/// <summary>Sees, from when credit comes, that the peer holds it back until what it sent before is acknowledged. Whoever doesn't gives all that was sent back a round trip later, so that
/// a silence of a round trip follows only upon a whole window; whoever does gives it back in two parts, and is silent after each. A slow reader gives less, or is not silent.
/// Pure but for the clock; the channel's lock guards it.</summary>
internal sealed class HeldCredit(uint window, TimeProvider time)
{
    /// <summary>Silences in a row that make it sure: by chance, on a busy machine, there are one or two.</summary>
    public const int Silences = 4;

    private long _last;
    private long _cluster, _before;
    private int _silences;

    /// <summary>Credit came. True: it's held back, as was seen now.</summary>
    /// <param name="more">How much, in bytes.</param>
    /// <param name="isSpent">Nothing could be sent any more.</param>
    /// <param name="roundTrip">What the way takes.</param>
    public bool Came(uint more, bool isSpent, TimeSpan roundTrip)
    {
        var silence = time.GetElapsedTime(_last);
        _last = time.GetTimestamp();
        if (silence < roundTrip / 4)
        {
            _cluster += more;
            return false;
        }
        var both = _before + _cluster;
        var isHeld = isSpent && silence > roundTrip * 0.75 && silence < roundTrip * 1.5 && both >= window / 2 && both <= window + window / 8;
        _silences = isHeld ? _silences + 1 : 0;
        (_before, _cluster) = (_cluster, more);
        return _silences == Silences;
    }
}
