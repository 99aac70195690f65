namespace Culvert.Cli.Terminal;

/// <summary>Writes to another stream, and ends lines with CR LF while the terminal is raw, where a newline alone only goes down.</summary>
internal sealed class CarriageReturns(Stream inner, Func<bool> isRaw) : WriteOnlyStream
{
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

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
