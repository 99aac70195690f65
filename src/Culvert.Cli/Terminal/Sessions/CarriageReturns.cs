namespace Culvert.Cli.Terminal;

/// <summary>Writes to another stream, and ends lines with CR LF while the terminal is raw, where a newline alone only goes down.</summary>
internal sealed class CarriageReturns(Stream inner, Func<bool> isRaw) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!isRaw())
        {
            inner.Write(buffer);
            return;
        }
        var translated = new byte[buffer.Length + buffer.Count((byte)'\n')];
        var at = 0;
        foreach (var one in buffer)
        {
            if (one == '\n')
                translated[at++] = (byte)'\r';
            translated[at++] = one;
        }
        inner.Write(translated);
    }

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
