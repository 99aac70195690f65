using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Culvert.Cli.Terminal;

/// <summary>Writes to a descriptor that belongs to somebody else, and leaves it open.</summary>
[UnsupportedOSPlatform("windows")]
internal partial class DescriptorStream(int descriptor) : Stream
{
    private const int Interrupted = 4; // EINTR
    private const short PollOut = 4;

    /// <summary>What a pipe (PIPE_BUF, 512 where .NET runs) or a pseudo-terminal (a block of its buffer) takes without waiting when poll says that it's writable.</summary>
    private const int TakenAtOnce = 256;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether so many bytes can be written now without waiting for a reader.</summary>
    public static bool TakesAtOnce(int descriptor, int length)
    {
        var entry = new PollEntry { Descriptor = descriptor, Events = PollOut };
        return length <= TakenAtOnce && poll(ref entry, 1, 0) == 1 && (entry.Returned & PollOut) != 0;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = write(descriptor, buffer, buffer.Length);
            if (written >= 0)
                buffer = buffer[(int)written..];
            else if (Marshal.GetLastPInvokeError() != Interrupted)
                throw new IOException(Marshal.GetLastPInvokeErrorMessage(), Marshal.GetLastPInvokeError());
        }
    }

    public override void Flush()
    {
        // Nothing is kept back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollEntry entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, ReadOnlySpan<byte> bytes, nint count);
}
