namespace Culvert.Ssh.Connection;

/// <summary>What a channel received and its reader has not taken: a chain of pooled segments. Small data lies in small segments; under load
/// they grow, so that one lent piece feeds one large send. Empty, it holds none. Not thread-safe: the channel's lock guards it.</summary>
internal sealed class ReceiveBuffer(ConnectionBuffers buffers)
{
    private Segment? _head;
    private Segment? _tail;
    private Segment? _spare;
    private int _lent;
    private int _scale;

    /// <summary>Bytes that wait.</summary>
    public int Length { get; private set; }

    /// <summary>Appends a copy of <paramref name="bytes"/>.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_tail is null || _tail.End == _tail.Array.Length)
                Grow(bytes.Length);
            var count = Math.Min(bytes.Length, _tail!.Array.Length - _tail.End);
            bytes[..count].CopyTo(_tail.Array.AsSpan(_tail.End));
            _tail.End += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>Lends the first piece; it stays where it is until <see cref="Advance"/>, <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Lend()
    {
        if (_head is null)
            return default;
        _lent = _head.End - _head.Start;
        return _head.Array.AsMemory(_head.Start, _lent);
    }

    /// <summary>Takes <paramref name="count"/> bytes off the piece that was lent.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _lent);
        _lent = 0;
        if (_head is not { } head)
            return;
        head.Start += count;
        Length -= count;
        if (head.Start < head.End)
            return;
        if (head.Next is null && head.End <= head.Array.Length / 8)
            _scale = Math.Max(0, _scale - 1);
        _head = head.Next;
        if (_head is null)
            _tail = null;
        head.Return();
        _spare = head;
    }

    /// <summary>Copies into <paramref name="into"/> and takes off what was copied, across segments.</summary>
    public int CopyTo(Span<byte> into)
    {
        var copied = 0;
        while (copied < into.Length && Length > 0)
        {
            var piece = Lend().Span;
            var count = Math.Min(piece.Length, into.Length - copied);
            piece[..count].CopyTo(into[copied..]);
            Advance(count);
            copied += count;
        }
        return copied;
    }

    /// <summary>Drops what waits, except the segment that is lent: somebody may be sending from it.</summary>
    public void DropUnlent()
    {
        if (_lent == 0)
        {
            Clear();
            return;
        }
        var rest = _head!.Next;
        _head.Next = null;
        _tail = _head;
        Length = _head.End - _head.Start;
        Return(rest);
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        var all = _head;
        _head = _tail = null;
        _lent = 0;
        Length = 0;
        Return(all);
    }

    private static void Return(Segment? segment)
    {
        for (; segment is not null; segment = segment.Next)
            segment.Return();
    }

    private void Grow(int wanted)
    {
        if (_head is not null)
            _scale = Math.Min(buffers.Segments.Count - 1, _scale + 1);
        var scale = _scale;
        while (buffers.Segments[scale].Size < wanted && scale < buffers.Segments.Count - 1)
            scale++;
        var segment = _spare ?? new();
        _spare = null;
        segment.Begin(buffers.Segments[scale]);
        if (_tail is null)
            _head = segment;
        else
            _tail.Next = segment;
        _tail = segment;
    }

    /// <summary>An array of a pool, and what of it is in use. One that was emptied serves again: a transfer empties one with every packet.</summary>
    private sealed class Segment
    {
        private BufferPool? _pool;
        public byte[] Array = [];
        public int Start;
        public int End;
        public Segment? Next;

        public void Begin(BufferPool pool)
        {
            (_pool, Array, Start, End, Next) = (pool, pool.Rent(), 0, 0, null);
        }

        public void Return()
        {
            _pool!.Return(Array);
            Array = [];
        }
    }
}
