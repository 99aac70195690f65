using System.Text;
using System.Text.Unicode;
using Culvert.Net;

namespace Culvert.Demo.Dialogue;

/// <summary>What a line of the control connection turned out to be.</summary>
internal enum LineKind
{
    /// <summary>Text.</summary>
    Text,
    /// <summary>Longer than <see cref="LineReader.MaxLine"/>; it was read to its end and thrown away.</summary>
    TooLong,
    /// <summary>It holds a control character or is not UTF-8.</summary>
    Malformed,
    /// <summary>There is none: the peer ended, reset or lost the connection. A last line without its end is not a line.</summary>
    End,
}

/// <summary>One line without its terminator. Text only when <paramref name="Kind"/> says so; then it has no control characters.</summary>
internal readonly record struct Line(LineKind Kind, string Text);

/// <summary>Takes lines (RFC 959 §4.1.3: Telnet, so CR LF; a bare LF is tolerated) off one connection, whatever its segments.</summary>
/// <remarks>One reader at a time.</remarks>
internal sealed class LineReader(Duplex duplex)
{
    /// <summary>The longest line in bytes: a path as long as Linux allows (4,096) and its verb.</summary>
    public const int MaxLine = 4096 + 64;

    private const byte InterpretAsCommand = 0xFF; // Telnet IAC, RFC 854
    private const byte FirstNegotiation = 0xFB;   // WILL; then WONT, DO, DONT: each with one more byte
    private const byte LastNegotiation = 0xFE;

    private readonly byte[] _buffer = new byte[2 * MaxLine];
    private int _start;
    private int _filled;

    /// <summary>The next line.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing was lost.</exception>
    public async ValueTask<Line> ReadAsync(CancellationToken cancellationToken)
    {
        bool tooLong = false;
        while (true)
        {
            int length = _buffer.AsSpan(_start, _filled - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var raw = _buffer.AsMemory(_start, length);
                _start += length + 1;
                return tooLong || length > MaxLine ? new(LineKind.TooLong, "") : Decode(raw.Span);
            }
            if (_filled - _start > MaxLine)
            {
                tooLong = true;
                _start = _filled = 0;
            }
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _filled - _start).CopyTo(_buffer);
                _filled -= _start;
                _start = 0;
            }
            var read = await duplex.ReadAsync(_buffer.AsMemory(_filled), cancellationToken);
            if (read.End != ReadEnd.None) return new(LineKind.End, "");
            _filled += read.Bytes.Length;
        }
    }

    /// <summary>Bytes without LF to a line: Telnet commands go (clients send IP and DM before ABOR, RFC 959 §4.1.3), one CR at the end goes.</summary>
    internal static Line Decode(ReadOnlySpan<byte> raw)
    {
        if (raw is [.., (byte)'\r']) raw = raw[..^1];
        Span<byte> plain = stackalloc byte[MaxLine];
        int count = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            byte value = raw[i];
            if (value == InterpretAsCommand)
            {
                // IAC IAC would be the data byte 0xFF, which no UTF-8 text contains: it is malformed below.
                if (i + 1 < raw.Length && raw[i + 1] == InterpretAsCommand) return new(LineKind.Malformed, "");
                i += i + 1 < raw.Length && raw[i + 1] is >= FirstNegotiation and <= LastNegotiation ? 2 : 1;
                continue;
            }
            if (value is < 0x20 or 0x7F) return new(LineKind.Malformed, "");
            plain[count++] = value;
        }
        plain = plain[..count];
        return Utf8.IsValid(plain) ? new(LineKind.Text, Encoding.UTF8.GetString(plain)) : new(LineKind.Malformed, "");
    }
}
