using Culvert.Ftp.Wire;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>Bytes under way to a reader.</summary>
internal sealed class ByteQueue
{
    private byte[] _bytes = new byte[1024];
    private int _start;
    private int _end;

    public int Count => _end - _start;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _bytes.Length - _end)
        {
            var larger = Count + bytes.Length > _bytes.Length ? new byte[(Count + bytes.Length) * 2] : _bytes;
            _bytes.AsSpan(_start.._end).CopyTo(larger);
            (_bytes, _start, _end) = (larger, 0, Count);
        }
        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>Moves some bytes on, at most as many as the reader has room for.</summary>
    public void Fill(LineReader reader, int atMost)
    {
        var room = reader.Room;
        var count = Math.Min(Math.Min(room.Length, atMost), Count);
        _bytes.AsSpan(_start, count).CopyTo(room.Span);
        _start += count;
        reader.Fill(count);
    }
}
