namespace Culvert.Ssh;

/// <summary>How much memory peers may fill altogether: the receive windows of all channels are charged to it when they are granted, because
/// a window can't be taken back. What slow readers leave unread is bounded by it, not by the number of channels times the largest window.</summary>
/// <remarks>Thread-safe. A channel always gets a minimum of 32 KiB, even beyond the budget: channels are counted elsewhere.</remarks>
public sealed class WindowBudget
{
    /// <summary>256 MiB: 128 channels at their full start window; a fresh channel then still gets a packet's worth.</summary>
    public const long DefaultBytes = 256L * 1024 * 1024;

    private long _granted;

    /// <summary>A budget of its own.</summary>
    /// <param name="bytes">Positive.</param>
    public WindowBudget(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        Bytes = bytes;
    }

    /// <summary>The budget that all connections of this process share unless told otherwise.</summary>
    public static WindowBudget Process { get; } = new(DefaultBytes);

    /// <summary>The whole budget, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>What is granted now, in bytes.</summary>
    public long Granted => Interlocked.Read(ref _granted);

    /// <summary>Less than an eighth is left: windows shrink from here on.</summary>
    internal bool IsTight => Granted > Bytes - Bytes / 8;

    /// <summary>Grants a first window: what was wished for as long as an eighth of the rest covers it, less when the budget fills, but never less than
    /// <paramref name="minimum"/>.</summary>
    internal int GrantFirst(int wished, int minimum)
    {
        while (true)
        {
            var granted = Granted;
            var grant = (int)Math.Clamp((Bytes - granted) / 8, minimum, wished);
            if (Interlocked.CompareExchange(ref _granted, granted + grant, granted) == granted)
                return grant;
        }
    }

    /// <summary>Grants growth, or not: growth never makes the budget tight.</summary>
    internal bool TryGrow(int bytes)
    {
        while (true)
        {
            var granted = Granted;
            if (granted + bytes > Bytes - Bytes / 8)
                return false;
            if (Interlocked.CompareExchange(ref _granted, granted + bytes, granted) == granted)
                return true;
        }
    }

    internal void Return(int bytes) => Interlocked.Add(ref _granted, -bytes);
}
