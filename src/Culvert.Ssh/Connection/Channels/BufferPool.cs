namespace Culvert.Ssh.Connection;

/// <summary>Byte arrays of one size, lent and taken back, and counted: a buffer that isn't returned is a fault that a test can see.</summary>
/// <param name="size">Length of each array.</param>
/// <param name="keep">How many free arrays are kept; what comes back beyond them is the collector's.</param>
internal sealed class BufferPool(int size, int keep)
{
    private readonly Lock _gate = new();
    private readonly Stack<byte[]> _free = new();
    private int _outstanding;

    public int Size => size;

    /// <summary>Arrays that are lent.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    public byte[] Rent()
    {
        lock (_gate)
        {
            _outstanding++;
            if (_free.TryPop(out var buffer))
                return buffer;
        }
        return GC.AllocateUninitializedArray<byte>(size);
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length != size)
            throw new ArgumentException("The buffer is of another pool.", nameof(buffer));
        lock (_gate)
        {
            if (--_outstanding < 0)
                throw new InvalidOperationException("A buffer was returned twice.");
            if (_free.Count < keep)
                _free.Push(buffer);
        }
    }
}

/// <summary>The buffers of one connection.</summary>
internal sealed class ConnectionBuffers
{
    /// <summary>Packets to send: the header of CHANNEL_DATA, then room for what one packet carries.</summary>
    public BufferPool Slots { get; } = new(ChannelMessages.DataHeader + Wire.Limits.MaximumChannelPacket, keep: 64);

    /// <summary>What channels received and nobody read yet: the lines of a dialogue, some packets, and as much as one send to a socket gains from
    /// (256 KiB: beyond it neither system calls nor sshd's CPU time went down).</summary>
    public IReadOnlyList<BufferPool> Segments { get; } = [new(4 * 1024, keep: 64), new(64 * 1024, keep: 16), new(256 * 1024, keep: 8)];

    /// <summary>Buffers that are lent.</summary>
    public int Outstanding => Slots.Outstanding + Segments.Sum(pool => pool.Outstanding);
}
