using System.Text;

namespace Culvert.Ftp.Wire;

/// <summary>One line of a reply, placed: a long reply (STAT of a directory) is passed on line by line and never collected.</summary>
/// <param name="Line">The line as it may go on: as it came, unless a client could take it for the end of the reply.</param>
/// <param name="Code">The reply's code, the same for all its lines; 0 when the line should begin a reply and doesn't.</param>
/// <param name="First">The line that carries the code.</param>
/// <param name="Last">The line that ends the reply; for a reply of one line both.</param>
internal readonly record struct ReplyLine(FtpLine Line, int Code, bool First, bool Last)
{
    /// <summary>The server took the command up; another reply follows.</summary>
    public bool IsPreliminary => Code is >= 100 and < 200;
}

/// <summary>Finds where replies begin and end (RFC 959 §4.2): a multi-line reply begins with <c>ddd-</c> and ends only at a line that
/// repeats the same code, followed by a blank or by nothing. Whatever stands between is text, even if it looks like a reply.</summary>
/// <remarks>Not every client compares the codes: curl takes any three digits and a blank for the end, ftplib the same digits and anything but
/// a hyphen. What follows in the reply would then answer their next command: a planted 227 sends them where the server likes. So text that begins
/// with three digits is set off by a blank, as RFC 959 §4.2 asks of servers, and a code that stands alone gets its blank.</remarks>
internal sealed class ReplyReader
{
    private int _open;

    /// <summary>Places the next line.</summary>
    public ReplyLine Place(FtpLine line)
    {
        var text = line.Bytes.Span;
        var code = CodeOf(text);
        if (_open != 0)
        {
            var ends = code == _open && (text.Length == 3 || text[3] == ' ');
            var isText = !ends && !(code == _open && text[3] == '-');
            var placed = new ReplyLine(isText && BeginsWithCode(text) ? SetOff(line) : Completed(line), _open, First: false, Last: ends);
            if (ends)
                _open = 0;
            return placed;
        }
        if (code == 0 || (text.Length > 3 && text[3] is not ((byte)' ' or (byte)'-')))
            return new(line, 0, First: true, Last: true);
        var continues = text.Length > 3 && text[3] == '-';
        if (continues)
            _open = code;
        return new(Completed(line), code, First: true, Last: !continues);
    }

    /// <summary>A bare code gets the blank that belongs behind it: curl waits for that, and would take the next reply for this one's end.</summary>
    private static FtpLine Completed(FtpLine line) => line.Bytes.Length == 3 && BeginsWithCode(line.Bytes.Span)
        ? line with { Bytes = (byte[])[.. line.Bytes.Span, (byte)' '] }
        : line;

    private static FtpLine SetOff(FtpLine line)
    {
        var bytes = new byte[line.Bytes.Length + 1];
        bytes[0] = (byte)' ';
        line.Bytes.CopyTo(bytes.AsMemory(1));
        return line with { Bytes = bytes };
    }

    private static bool BeginsWithCode(ReadOnlySpan<byte> text) =>
        text.Length >= 3 && char.IsAsciiDigit((char)text[0]) && char.IsAsciiDigit((char)text[1]) && char.IsAsciiDigit((char)text[2]);

    private static int CodeOf(ReadOnlySpan<byte> text) =>
        BeginsWithCode(text) && text[0] is >= (byte)'1' and <= (byte)'5'
            ? (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0')
            : 0;
}

/// <summary>Replies that this relay says itself.</summary>
internal static class FtpReply
{
    /// <summary>A reply of one line.</summary>
    public static FtpLine Of(int code, string text) => new(Encoding.UTF8.GetBytes($"{code} {text}"));
}
