using System.Buffers.Binary;
using System.Text;

namespace Culvert.Ssh.Wire;

/// <summary>Reads the data types of RFC 4251 §5. Whatever does not fit is a <see cref="SshProtocolException"/> that names the
/// message and the field; nothing is read beyond the end and nothing is allocated by a length alone.</summary>
internal ref struct SshReader(ReadOnlySpan<byte> bytes, string what)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    private ReadOnlySpan<byte> _rest = bytes;
    private readonly string _what = what;

    /// <summary>The bytes that have not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte(string field) => Take(1, field)[0];

    public bool Bool(string field) => Take(1, field)[0] != 0;

    public uint UInt32(string field) => BinaryPrimitives.ReadUInt32BigEndian(Take(4, field));

    public ulong UInt64(string field) => BinaryPrimitives.ReadUInt64BigEndian(Take(8, field));

    public ReadOnlySpan<byte> Raw(int count, string field) => Take(count, field);

    /// <summary><c>string</c>; the span is part of the message and lives no longer than it.</summary>
    public ReadOnlySpan<byte> String(string field)
    {
        var length = UInt32(field);
        if (length > (uint)_rest.Length)
            throw new SshProtocolException($"{_what}: {field} claims {length} bytes, {_rest.Length} are left");
        return Take((int)length, field);
    }

    /// <summary><c>string</c> that must be UTF-8.</summary>
    public string Text(string field)
    {
        try
        {
            return StrictUtf8.GetString(String(field));
        }
        catch (DecoderFallbackException e)
        {
            throw new SshProtocolException($"{_what}: {field} is not UTF-8", inner: e);
        }
    }

    /// <summary><c>string</c> for people: one line of visible characters, cut where nobody reads on.</summary>
    public string DisplayText(string field) => Wire.DisplayText.Line(String(field), Limits.MaximumDisplayText);

    /// <summary><c>name-list</c>.</summary>
    public string[] NameList(string field)
    {
        var text = Text(field);
        return text.Length == 0 ? [] : text.Split(',');
    }

    /// <summary><c>mpint</c> that must not be negative: its magnitude, big-endian, without leading zeros.</summary>
    public ReadOnlySpan<byte> MpInt(string field)
    {
        var number = String(field);
        if (number.Length > 0 && number[0] >= 0x80)
            throw new SshProtocolException($"{_what}: {field} is negative");
        return number.TrimStart((byte)0);
    }

    /// <summary>Nothing may follow.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
            throw new SshProtocolException($"{_what}: {_rest.Length} bytes after its end");
    }

    private ReadOnlySpan<byte> Take(int count, string field)
    {
        if (count > _rest.Length)
            throw new SshProtocolException($"{_what}: ends within {field}");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
