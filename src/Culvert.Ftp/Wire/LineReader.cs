using System.Buffers;

namespace Culvert.Ftp.Wire;

/// <summary>Whose lines are read: both ends speak the same lines, but a command is held to stricter rules than a reply.</summary>
internal enum Speaker
{
    /// <summary>Commands: at most <see cref="LineReader.CommandLimit"/> bytes, no NUL, Telnet codes at the start are stripped.</summary>
    Client,
    /// <summary>Replies: at most <see cref="LineReader.ReplyLimit"/> bytes.</summary>
    Server,
}

/// <summary>Cuts a byte stream into lines, with bounded memory. It works on the stream, never on segments: a verb may come
/// in pieces, and several lines in one piece. What stands after the last line feed is no line.</summary>
/// <remarks>Most sessions wait most of the time: one that waits holds <see cref="SmallBuffer"/> and nothing else. Lines that don't fit, and lines that come many at a
/// time, are read into a buffer of the pool, until none of them is left.</remarks>
internal sealed class LineReader(Speaker speaker)
{
    /// <summary>Longest command, without terminator: a path of PATH_MAX (4096) bytes would be cut by the 512 of the oldest servers,
    /// and nothing longer is a command.</summary>
    public const int CommandLimit = 4096;

    /// <summary>Longest reply line, without terminator: Python's ftplib takes 8192, and a client must get what passed here.</summary>
    public const int ReplyLimit = 8190;

    /// <summary>What a reader holds while it waits, in bytes: commands and replies are shorter, all but a few.</summary>
    public const int SmallBuffer = 512;

    /// <summary>What it borrows for more: the longest line, and as much behind it.</summary>
    private const int LargeBuffer = 16 * 1024;

    private const byte LineFeed = (byte)'\n';
    private const byte Return = (byte)'\r';

    // RFC 854: IAC, the commands that stand alone (SE … GA, 0xF0–0xF9), data mark, and those with an option (WILL WONT DO DONT).
    private const byte InterpretAsCommand = 0xFF;
    private const byte DataMark = 0xF2;

    private readonly int _limit = speaker == Speaker.Client ? CommandLimit : ReplyLimit;
    private readonly byte[] _small = new byte[SmallBuffer];
    private byte[]? _borrowed;
    private int _lent;
    private int _start;
    private int _end;
    private int _scanned;
    private bool _discarding;
    private bool _began;
    private bool _wasFilled;

    /// <summary>Room to read into; never empty once <see cref="TryRead"/> has returned false.</summary>
    public Memory<byte> Room
    {
        get
        {
            TakeBack();
            var from = Buffer;
            // Filled to the brim, that wasn't all: a line goes on, or more of them follow.
            if (_wasFilled)
                _borrowed ??= ArrayPool<byte>.Shared.Rent(LargeBuffer);
            else if (_start == _end)
                Release();
            if (_start > 0 || from != Buffer)
            {
                from.AsSpan(_start.._end).CopyTo(Buffer);
                from.AsSpan((from == Buffer ? _end - _start : _start).._end).Clear();
                (_scanned, _end, _lent, _start) = (_scanned - _start, _end - _start, 0, 0);
            }
            return Buffer.AsMemory(_end);
        }
    }

    /// <summary>The first <paramref name="count"/> bytes of <see cref="Room"/> were filled.</summary>
    public void Fill(int count)
    {
        _end += count;
        _wasFilled = _end == Buffer.Length;
    }

    /// <summary>Gives back what is borrowed, with all that wasn't taken. Nobody fills <see cref="Room"/> any more.</summary>
    public void Release()
    {
        TakeBack();
        (_scanned, _end, _lent, _start) = (0, 0, 0, 0);
        if (_borrowed is not { } borrowed)
            return;
        _borrowed = null;
        ArrayPool<byte>.Shared.Return(borrowed, clearArray: true); // a password may have been in it
    }

    /// <summary>What was lent is wiped: a password may have been in it, and who kept it without <see cref="FtpLine.Kept"/> sees that at once.</summary>
    private void TakeBack()
    {
        Buffer.AsSpan(_lent.._start).Clear();
        _lent = _start;
    }

    private byte[] Buffer => _borrowed ?? _small;

    /// <summary>Whether bytes stand here that are no line yet.</summary>
    public bool HasPartialLine => _end > _start || _discarding;

    /// <summary>Takes the next whole line. It's lent: its bytes are there until the next call of anything here.</summary>
    public bool TryRead(out FtpLine line)
    {
        TakeBack();
        line = default;
        if (!_began && speaker == Speaker.Client && StartsLikeTls(ref line))
            return true;

        var found = Buffer.AsSpan(_scanned.._end).IndexOf(LineFeed);
        if (found < 0)
        {
            _scanned = _end;
            if (_end - _start > _limit + 2)
            {
                _discarding = true;
                _lent = _start = _scanned = _end = 0;
            }
            return false;
        }
        _began = true;
        var raw = Buffer.AsMemory(_start..(_scanned + found));
        _start = _scanned = _scanned + found + 1;
        line = _discarding ? new(default, LineFault.TooLong) : Make(raw);
        _discarding = false;
        return true;
    }

    // A TLS record of type handshake (22), major version 3. No command begins with a control byte, and no line feed need ever come.
    private bool StartsLikeTls(ref FtpLine line)
    {
        if (_end - _start < 2)
            return false;
        if (Buffer[_start] != 0x16 || Buffer[_start + 1] != 0x03)
            return false;
        _began = true;
        _lent = _start = _scanned = _end = 0;
        line = new(default, LineFault.ClientHello);
        return true;
    }

    private FtpLine Make(ReadOnlyMemory<byte> raw)
    {
        var text = raw.Span.TrimEnd(Return); // CR CR LF comes from servers that translate line ends twice
        var end = text.Length;
        if (speaker == Speaker.Client)
            text = WithoutTelnetPrefix(text);
        if (text.Length > _limit)
            return new(default, LineFault.TooLong);
        if (speaker == Speaker.Client && text.Contains((byte)0))
            return new(default, LineFault.Nul);
        for (var i = 0; i < text.Length; i++)
        {
            // RFC 959 writes a carriage return in a path as CR NUL, which only a reply may hold here.
            if (text[i] == Return && (speaker == Speaker.Client || i + 1 == text.Length || text[i + 1] != 0))
                return new(default, LineFault.CarriageReturn);
        }
        return new(raw[(end - text.Length)..end]);
    }

    /// <summary>Strips what clients put before ABOR and STAT (IAC IP, IAC DM; RFC 959 §4.1.3), and negotiation, at the start of a line only.
    /// A lone IAC or data mark is the rest of a Synch whose urgent byte was lost on the way.</summary>
    private static ReadOnlySpan<byte> WithoutTelnetPrefix(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            if (text[0] == DataMark)
                text = text[1..];
            else if (text[0] != InterpretAsCommand)
                break;
            else if (text.Length == 1)
                text = [];
            else
                switch (text[1])
                {
                    case >= 0xFB and <= 0xFE:
                        text = text.Length > 2 ? text[3..] : [];
                        break;
                    case >= 0xF0 and <= 0xF9:
                        text = text[2..];
                        break;
                    case 0xFA or InterpretAsCommand: // subnegotiation, or a data byte 255: no verb begins so, and it will be refused
                        return text;
                    default:
                        text = text[1..];
                        break;
                }
        }
        return text;
    }
}
