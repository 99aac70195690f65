using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Culvert.Cli.Terminal;

/// <summary>Writes to a descriptor that belongs to somebody else, and leaves it open.</summary>
[UnsupportedOSPlatform("windows")]
internal partial class DescriptorStream(int descriptor) : WriteOnlyStream
{
    private const int Interrupted = 4; // EINTR
    private const short PollOut = 4;

    /// <summary>What a pipe (PIPE_BUF, 512 where .NET runs) or a pseudo-terminal (a block of its buffer) takes without waiting when poll says that it's writable.</summary>
    private const int TakenAtOnce = 256;

    /// <summary>Whether so many bytes can be written now without waiting for a reader.</summary>
    public static bool TakesAtOnce(int descriptor, int length)
    {
        var entry = new PollEntry { Descriptor = descriptor, Events = PollOut };
        return length <= TakenAtOnce && poll(ref entry, 1, 0) == 1 && (entry.Returned & PollOut) != 0;
    }

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
