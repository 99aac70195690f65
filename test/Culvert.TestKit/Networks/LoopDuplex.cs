using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.TestKit.Networks;

/// <summary>Reads what was written to it, at once; what is counted or timed is the code around it. The benchmarks compile this file too.</summary>
internal sealed class LoopDuplex() : PooledDuplex(64 * 1024, 64 * 1024)
{
    private readonly byte[] _bytes = new byte[Limits.MaximumSendBuffer];
    private int _start, _end;

    /// <summary>How much can be read.</summary>
    public int Count => _end - _start;

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
