using System.Buffers.Binary;
using System.Text;

namespace Culvert.Ssh.Wire;

/// <summary>Writes the data types of RFC 4251 §5 into a growing buffer. Not thread-safe. <see cref="Clear"/> wipes what was written.</summary>
internal sealed class SshWriter(int capacity = 256)
{
    private byte[] _buffer = new byte[capacity];
    private int _length;

    public int Length => _length;

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(0, _length);

    public byte[] ToArray() => WrittenSpan.ToArray();

    public SshWriter Byte(byte value)
    {
        Room(1)[0] = value;
        return this;
    }

    public SshWriter Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public SshWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Room(4), value);
        return this;
    }

    public SshWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(Room(8), value);
        return this;
    }

    /// <summary>Bytes without a length before them.</summary>
    public SshWriter Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        return this;
    }

    /// <summary><c>string</c>: a length and any bytes.</summary>
    public SshWriter String(ReadOnlySpan<byte> bytes) => UInt32((uint)bytes.Length).Raw(bytes);

    /// <summary><c>string</c>: text as UTF-8.</summary>
    public SshWriter String(string text)
    {
        var count = Encoding.UTF8.GetByteCount(text);
        UInt32((uint)count);
        Encoding.UTF8.GetBytes(text, Room(count));
        return this;
    }

    /// <summary><c>name-list</c>: names joined by commas.</summary>
    public SshWriter NameList(IEnumerable<string> names) => String(string.Join(',', names));

    /// <summary><c>mpint</c> of a non-negative number given as big-endian bytes: leading zeros are dropped, one is put before a set high bit.</summary>
    public SshWriter MpInt(ReadOnlySpan<byte> unsignedBigEndian)
    {
        var number = unsignedBigEndian.TrimStart((byte)0);
        var pad = number.Length > 0 && number[0] >= 0x80;
        UInt32((uint)(number.Length + (pad ? 1 : 0)));
        return (pad ? Byte(0) : this).Raw(number);
    }

    /// <summary>Forgets and wipes the content.</summary>
    public void Clear()
    {
        _buffer.AsSpan(0, _length).Clear();
        _length = 0;
    }

    private Span<byte> Room(int count)
    {
        if (_buffer.Length - _length < count)
        {
            var old = _buffer;
            _buffer = new byte[Math.Max(old.Length * 2, _length + count)];
            old.AsSpan(0, _length).CopyTo(_buffer);
            old.AsSpan(0, _length).Clear();
        }
        var room = _buffer.AsSpan(_length, count);
        _length += count;
        return room;
    }
}
