using System.Runtime.CompilerServices;
using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>What came from the network and has not been taken yet, in one piece. Packets are opened and lent where they lie: the content moves only
/// in <see cref="FillAsync"/>.</summary>
internal sealed class ReceiveBuffer(Duplex duplex)
{
    private byte[] _bytes = new byte[Limits.IdleBuffer];
    private BufferSizing _sizing = new(Limits.MaximumReceiveBuffer);
    private int _wantedCapacity = Limits.IdleBuffer;
    private int _start;
    private int _end;

    /// <summary>How many bytes are here.</summary>
    public int Count => _end - _start;

    /// <summary>All that is here.</summary>
    public Memory<byte> Bytes => _bytes.AsMemory(_start, Count);

    /// <summary>Takes the first bytes away; they stay where they are until the next fill.</summary>
    public void Consume(int count) => _start += count;

    /// <summary>Waits for at least one byte more, with room for <paramref name="total"/> in one piece. Cancelled, it has changed nothing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadEnd> FillAsync(int total, CancellationToken cancellationToken)
    {
        MakeRoom(total);
        var room = _bytes.AsMemory(_end);
        var (bytes, end) = await duplex.ReadAsync(room, cancellationToken);
        if (end != ReadEnd.None)
            return end;
        _end += bytes.Length;
        // Filled to the brim means that more was waiting.
        _wantedCapacity = _sizing.Next(_bytes.Length, bytes.Length == room.Length ? _bytes.Length : Count);
        return ReadEnd.None;
    }

    private void MakeRoom(int total)
    {
        var capacity = Math.Max(_wantedCapacity, total);
        if (capacity > _bytes.Length || (capacity < _bytes.Length && Count <= capacity / 2 && total <= capacity / 2))
        {
            var larger = GC.AllocateUninitializedArray<byte>(capacity);
            Bytes.Span.CopyTo(larger);
            _bytes = larger;
        }
        else if (_start == _end)
        {
            // Nothing to move.
        }
        else if (_start > 0)
        {
            Bytes.Span.CopyTo(_bytes);
        }
        _end -= _start;
        _start = 0;
    }
}
