using System.Buffers;
using System.Runtime.CompilerServices;

namespace Culvert.Net;

/// <summary>A connection without buffers of its own, which fills what it is given and sends what it is handed: for who wants to be lent memory it
/// borrows from the pool, and no longer than something is in it.</summary>
/// <param name="smallest">What is lent at a time, in bytes.</param>
/// <param name="largest">What is lent at a time while every read fills it to the brim.</param>
public abstract class PooledDuplex(int smallest, int largest) : Duplex
{
    private BufferSizing _sizing = new(smallest, largest);
    private int _size = smallest;
    private byte[]? _lent;
    private int _lentStart, _lentEnd;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public sealed override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        if (_lent is null)
        {
            var ready = await ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            if (ready.End != ReadEnd.None)
                return ready;
            _lent = ArrayPool<byte>.Shared.Rent(_size);
            _lentStart = _lentEnd = 0;
        }
        if (_lentStart == _lentEnd)
        {
            ReadResult read = default;
            try
            {
                read = await ReadAsync(_lent.AsMemory(0, _size), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (read.Bytes.IsEmpty)
                    ReturnLent();
            }
            if (read.End != ReadEnd.None)
                return read;
            (_lentStart, _lentEnd) = (0, read.Bytes.Length);
            _size = _sizing.Next(_size, read.Bytes.Length);
        }
        return new(_lent.AsMemory(_lentStart, _lentEnd - _lentStart), ReadEnd.None);
    }

    /// <inheritdoc/>
    public sealed override void Release(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _lentEnd - _lentStart);
        _lentStart += count;
        if (_lentStart == _lentEnd)
            ReturnLent();
    }

    private void ReturnLent()
    {
        ArrayPool<byte>.Shared.Return(_lent!);
        _lent = null;
    }
}
