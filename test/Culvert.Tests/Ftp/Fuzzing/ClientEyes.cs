namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>Replies as three clients read them. They disagree on where a reply of several lines ends: RFC 959 wants the same code and a blank, curl
/// takes any three digits and a blank, ftplib the same three characters and anything but a hyphen. What goes to a client must be the same
/// to all of them: otherwise a server can plant a reply that only some see, and that answers their next command.</summary>
internal sealed class ClientEyes
{
    private readonly byte[] _first = new byte[3];
    private bool _open;

    /// <summary>A reply was begun and not ended.</summary>
    public bool IsInReply => _open;

    /// <summary>Reads the next line.</summary>
    /// <returns>The code of the reply that ends here (1xx too), or 0.</returns>
    public int Read(ReadOnlySpan<byte> line)
    {
        var code = CodeOf(line);
        var curlEnds = code != 0 && line.Length > 3 && line[3] == ' ';
        var sameCode = _open && line.Length >= 3 && line[..3].SequenceEqual(_first);
        var ftplibEnds = _open ? sameCode && !(line.Length > 3 && line[3] == '-') : !(line.Length > 3 && line[3] == '-');
        var standardEnds = _open ? sameCode && line.Length > 3 && line[3] == ' ' : line.Length > 3 && line[3] == ' ';
        RuleBrokenException.Unless(_open || code != 0, "a line outside any reply has no code");
        RuleBrokenException.Unless(curlEnds == ftplibEnds && ftplibEnds == standardEnds, "clients disagree on where a reply ends");
        if (!_open && !standardEnds)
            line[..3].CopyTo(_first);
        _open = !standardEnds;
        return standardEnds ? code : 0;
    }

    private static int CodeOf(ReadOnlySpan<byte> line) =>
        line.Length >= 3 && IsDigit(line[0]) && IsDigit(line[1]) && IsDigit(line[2]) ? ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0') : 0;

    private static bool IsDigit(byte value) => value is >= (byte)'0' and <= (byte)'9';
}
