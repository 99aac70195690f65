namespace Culvert.Broker.Runtime.Upkeep;

/// <summary>What the collector of this process says and does; replaced in tests.</summary>
/// <param name="Allocated">Bytes allocated since the process began.</param>
/// <param name="Held">Bytes that the collector held when it last looked, in use or not.</param>
/// <param name="Collect">Gives back what can be.</param>
internal sealed record ManagedHeap(Func<long> Allocated, Func<long> Held, Action Collect)
{
    public static ManagedHeap Real { get; } = new(
        () => GC.GetTotalAllocatedBytes(precise: false),
        () => GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes,
        () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));
}

/// <summary>Gives the memory that many sessions needed back to the system when they have gone, or do nothing more. The collector does so only when it runs, and it runs only when
/// something is allocated: an idle process would keep for as long as it idles what two hundred transfers have left (170 MiB).</summary>
/// <remarks>It looks only while there are sessions, and after the last one once more. A collection of what idle sessions hold takes a few milliseconds, in which
/// nothing is on its way. Thread-safe.</remarks>
internal sealed class SpareMemory : IAsyncDisposable
{
    /// <summary>Between two looks: people pause for longer between two transfers, programs don't.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    /// <summary>Who allocates less between two looks moves no files: lists of names, keep-alives.</summary>
    public const long Idle = 1024 * 1024;

    /// <summary>Less than this isn't worth a collection.</summary>
    public const long Worth = 16 * 1024 * 1024;

    private readonly ManagedHeap _heap;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private int _sessions;
    private bool _looking;
    private long _allocated;
    private long _floor;

    public SpareMemory(TimeProvider time, ManagedHeap? heap = null)
    {
        _heap = heap ?? ManagedHeap.Real;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A session begins.</summary>
    public void Enter()
    {
        lock (_gate)
        {
            _sessions++;
            if (_looking)
                return;
            _looking = true;
            _allocated = _heap.Allocated();
            _timer.Change(Interval, Interval);
        }
    }

    /// <summary>A session is over.</summary>
    public void Leave()
    {
        lock (_gate)
            _sessions--;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Look()
    {
        lock (_gate)
        {
            var allocated = _heap.Allocated();
            var idle = allocated - _allocated < Idle;
            _allocated = allocated;
            if (!idle)
                return;
            if (_heap.Held() - _floor >= Worth)
            {
                _heap.Collect();
                _floor = _heap.Held();
            }
            if (_sessions > 0)
                return;
            _looking = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
