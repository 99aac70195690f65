using System.Buffers;
using System.Runtime.CompilerServices;

namespace Culvert.Net;

/// <summary>A connection without buffers of its own, which fills what it is given and sends what it is handed: for who wants to be lent memory it
/// borrows from the pool, and no longer than something is in it.</summary>
/// <param name="bufferSize">What is lent at a time, in bytes.</param>
public abstract class PooledDuplex(int bufferSize) : Duplex
{
    private byte[]? _lent;
    private int _lentStart, _lentEnd;
    private byte[]? _slot;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public sealed override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        if (_lent is null)
        {
            var ready = await ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            if (ready.End != ReadEnd.None)
                return ready;
            _lent = ArrayPool<byte>.Shared.Rent(bufferSize);
            _lentStart = _lentEnd = 0;
        }
        if (_lentStart == _lentEnd)
        {
            ReadResult read = default;
            try
            {
                read = await ReadAsync(_lent.AsMemory(), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (read.Bytes.IsEmpty)
                    ReturnLent();
            }
            if (read.End != ReadEnd.None)
                return read;
            (_lentStart, _lentEnd) = (0, read.Bytes.Length);
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

    /// <inheritdoc/>
    public sealed override ValueTask<Slot> ReserveAsync(CancellationToken cancellationToken)
    {
        _slot ??= ArrayPool<byte>.Shared.Rent(bufferSize);
        return new(new Slot(_slot.AsMemory(0, bufferSize), WriteEnd.None));
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public sealed override async ValueTask<WriteEnd> CommitAsync(int count, CancellationToken cancellationToken)
    {
        var slot = _slot ?? throw new InvalidOperationException("no slot is reserved");
        _slot = null;
        try
        {
            return count == 0 ? WriteEnd.None : await WriteAsync(slot.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(slot);
        }
    }

    private void ReturnLent()
    {
        ArrayPool<byte>.Shared.Return(_lent!);
        _lent = null;
    }
}
