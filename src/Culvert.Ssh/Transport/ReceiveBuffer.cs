using System.Runtime.CompilerServices;
using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>What came from the network and has not been taken yet, in one piece. Packets are opened and lent where they lie: the content moves only
/// in <see cref="FillAsync"/>.</summary>
internal sealed class ReceiveBuffer(Duplex duplex)
{
    private readonly PacketBuffer _buffer = new(Limits.MaximumReceiveBuffer);
    private int _start;
    private int _end;

    /// <summary>How many bytes are here.</summary>
    public int Count => _end - _start;

    /// <summary>Bytes of memory that it holds.</summary>
    public int Capacity => _buffer.Capacity;

    /// <summary>All that is here.</summary>
    public Memory<byte> Bytes => _buffer.Bytes.AsMemory(_start, Count);

    /// <summary>Takes the first bytes away; they stay where they are until the next fill.</summary>
    public void Consume(int count) => _start += count;

    /// <summary>Waits for at least one byte more, with room for <paramref name="total"/> in one piece. Cancelled, it has changed nothing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadEnd> FillAsync(int total, CancellationToken cancellationToken)
    {
        if (Count == 0)
            (_start, _end) = (0, 0);
        if (Count == 0 && _buffer.IsBorrowed && await WaitWithoutBufferAsync(cancellationToken) is var ended && ended != ReadEnd.None)
            return ended;
        _buffer.Reserve(total, _start, Count);
        (_start, _end) = (0, Count);
        var room = _buffer.Bytes.AsMemory(_end);
        var (bytes, end) = await duplex.ReadAsync(room, cancellationToken);
        if (end != ReadEnd.None)
            return end;
        _end += bytes.Length;
        // Filled to the brim means that more was waiting.
        _buffer.Used(bytes.Length == room.Length ? int.MaxValue : Count);
        return ReadEnd.None;
    }

    /// <summary>Between two packets the peer may be silent for days.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadEnd> WaitWithoutBufferAsync(CancellationToken cancellationToken)
    {
        var waiting = duplex.ReadAsync(Memory<byte>.Empty, cancellationToken);
        if (!waiting.IsCompleted)
            _buffer.Release();
        return (await waiting).End;
    }
}
