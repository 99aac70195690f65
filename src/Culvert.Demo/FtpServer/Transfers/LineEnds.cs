namespace Culvert.Demo.FtpServer.Transfers;

/// <summary>Line ends of TYPE A (RFC 959 §3.1.1.1): CR LF on the wire, LF on this disk. One direction of one transfer.</summary>
internal sealed class LineEnds
{
    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private bool _heldReturn;

    /// <summary>Disk to wire.</summary>
    public static ReadOnlyMemory<byte> ToNetwork(ReadOnlySpan<byte> bytes)
    {
        byte[] result = new byte[bytes.Length + bytes.Count(LineFeed)];
        int count = 0;
        foreach (byte value in bytes)
        {
            if (value == LineFeed) result[count++] = CarriageReturn;
            result[count++] = value;
        }
        return result;
    }

    /// <summary>Wire to disk. A CR at the end of a piece is held until it's known what follows.</summary>
    public ReadOnlyMemory<byte> FromNetwork(ReadOnlySpan<byte> bytes)
    {
        byte[] result = new byte[bytes.Length + 1];
        int count = 0;
        foreach (byte value in bytes)
        {
            if (_heldReturn && value != LineFeed) result[count++] = CarriageReturn;
            _heldReturn = value == CarriageReturn;
            if (!_heldReturn) result[count++] = value;
        }
        return result.AsMemory(0, count);
    }

    /// <summary>What is still held when the wire has ended.</summary>
    public ReadOnlyMemory<byte> Rest()
    {
        byte[] result = _heldReturn ? [CarriageReturn] : [];
        _heldReturn = false;
        return result;
    }
}
