using Culvert.Net;

namespace Culvert.TestKit.Networks;

/// <summary>One end of a connection in memory. Small pipes force partial reads and writes; a lossy end shows every reset as an orderly end,
/// as SSH does.</summary>
internal sealed class MemoryDuplex : Duplex
{
    private readonly MemoryPipe _in, _out;
    private readonly ReadEnd _shownOnAbort;
    private byte[] _lent = [];
    private int _lentCount;
    private int _ended, _closed;

    /// <summary>Asked before bytes go out: how many of so many still may. Fewer means that the network broke behind them.</summary>
    public Func<int, int>? Allow { get; set; }

    /// <summary>Tell what the other end has taken: the network acknowledges.</summary>
    public bool Acknowledges { get; set; }

    private MemoryDuplex(MemoryPipe incoming, MemoryPipe outgoing, bool lossy) =>
        (_in, _out, _shownOnAbort) = (incoming, outgoing, lossy ? ReadEnd.Ended : ReadEnd.Reset);

    /// <summary>Both ends of a new connection.</summary>
    /// <param name="capacity">Bytes in flight in each direction; 1 or 2 to break everything that assumes whole lines.</param>
    /// <param name="lossy">A reset of either end is seen as an orderly end by the other.</param>
    public static (MemoryDuplex First, MemoryDuplex Second) Pair(int capacity = 64 * 1024, bool lossy = false)
    {
        var (there, back) = (new MemoryPipe(capacity), new MemoryPipe(capacity));
        return (new(back, there, lossy), new(there, back, lossy));
    }

    /// <summary>Whether nobody who waits at this end has a reason to go on now.</summary>
    public bool IsAtRest => _in.IsAtRest && _out.IsAtRest;

    /// <summary>Whether this end was closed (in order or not).</summary>
    public bool IsClosed => _closed != 0;

    /// <summary>The network beneath breaks: both ends see a loss.</summary>
    public void Lose()
    {
        _in.End(ReadEnd.Lost);
        _out.End(ReadEnd.Lost);
    }

    /// <summary>Nothing that the other end writes from now on arrives, and it learns that.</summary>
    public void RefuseReads() => _in.ReaderIsGone();

    public override bool ShowsResets => _shownOnAbort == ReadEnd.Reset;

    public override bool? IsAcknowledged => Acknowledges ? _out.Available == 0 : null;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        if (_lentCount > 0)
            return new(_lent.AsMemory(0, _lentCount), ReadEnd.None);
        var buffer = new byte[4096];
        var read = await PeekAsync(buffer, cancellationToken).ConfigureAwait(false);
        (_lent, _lentCount) = (buffer, read.Bytes.Length);
        return read;
    }

    public override void Release(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _lentCount);
        _in.Take(count);
        _lent = _lent[count..];
        _lentCount -= count;
    }

    public override async ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        if (into.IsEmpty)
        {
            var ready = await PeekAsync(new byte[1], cancellationToken).ConfigureAwait(false);
            return new(default, ready.End);
        }
        var read = await PeekAsync(into, cancellationToken).ConfigureAwait(false);
        _in.Take(read.Bytes.Length);
        return read;
    }

    public override async ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_ended != 0 || _closed != 0)
            return WriteEnd.Closed;
        var allowed = Allow?.Invoke(bytes.Length) ?? bytes.Length;
        var broke = allowed < bytes.Length;
        bytes = bytes[..allowed];
        while (!bytes.IsEmpty)
        {
            var (count, end, changed) = _out.Put(bytes.Span);
            if (end != WriteEnd.None)
                return end;
            bytes = bytes[count..];
            if (count == 0)
                await ChangeAsync(_out, changed, cancellationToken).ConfigureAwait(false);
        }
        return broke ? WriteEnd.Lost : WriteEnd.None;
    }

    public override ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            _out.End(ReadEnd.Ended);
        return new(WriteEnd.None);
    }

    public override void Abort()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        _out.End(_shownOnAbort);
        _in.ReaderIsGone();
        _in.End(ReadEnd.Reset);
    }

    public override ValueTask DisposeAsync()
    {
        if (_ended == 0)
        {
            Abort();
        }
        else if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _in.ReaderIsGone();
            _in.End(ReadEnd.Reset);
        }
        return ValueTask.CompletedTask;
    }

    private async ValueTask<ReadResult> PeekAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (count, end, changed) = _in.Peek(into.Span);
            if (end != ReadEnd.None)
                return new(default, end);
            if (count > 0)
                return new(into[..count], ReadEnd.None);
            await ChangeAsync(_in, changed, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ChangeAsync(MemoryPipe pipe, Task changed, CancellationToken cancellationToken)
    {
        try
        {
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            pipe.StopWaiting(asReader: pipe == _in);
            throw;
        }
    }
}
