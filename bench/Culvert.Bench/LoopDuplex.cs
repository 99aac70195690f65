using Culvert.Net;

namespace Culvert.Bench;

/// <summary>Reads what was written to it, at once; what is timed is the code around it.</summary>
internal sealed class LoopDuplex() : PooledDuplex(64 * 1024)
{
    private readonly byte[] _bytes = new byte[512 * 1024];
    private int _start;
    private int _end;

    public override ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        var count = Math.Min(into.Length, _end - _start);
        _bytes.AsSpan(_start, count).CopyTo(into.Span);
        _start += count;
        return new(new ReadResult(into[..count], ReadEnd.None));
    }

    public override ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_start == _end)
            _start = _end = 0;
        bytes.Span.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
        return new(WriteEnd.None);
    }

    public override ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken) => new(WriteEnd.None);

    public override void Abort() { }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
