using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Culvert.Cli.Terminal;

/// <summary>Reads and writes the standard descriptors so that it can be given up: a call waits by poll(2), and a pipe of our own wakes it. They stay as they are
/// (blocking), because other processes share them.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed partial class StandardDescriptors : IDisposable
{
    /// <summary>PIPE_BUF is at least this where .NET runs: a pipe that poll says is writable takes so much without waiting.</summary>
    private const int PipeBuffer = 4096;

    private const int Interrupted = 4; // EINTR
    private const short PollIn = 1, PollOut = 4;
    private static readonly int WouldBlock = OperatingSystem.IsLinux() ? 11 : 35; // EAGAIN

    private readonly SafeFileHandle _wakeUpRead, _wakeUpWrite;

    public StandardDescriptors()
    {
        Span<int> wakeUp = stackalloc int[2];
        if (pipe(wakeUp) != 0)
            throw new IOException("no descriptor is left for the session");
        (_wakeUpRead, _wakeUpWrite) = (new SafeFileHandle(wakeUp[0], ownsHandle: true), new SafeFileHandle(wakeUp[1], ownsHandle: true));
    }

    /// <summary>Every call that waits, now or later, is given up.</summary>
    public void Cancel() => _ = write(_wakeUpWrite.DangerousGetHandle().ToInt32(), [0], 1);

    /// <summary>Waits for bytes; 0: the end, or nobody is there any more.</summary>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    public int Read(int descriptor, Span<byte> into)
    {
        while (true)
        {
            Wait(descriptor, PollIn);
            var count = read(descriptor, into, into.Length);
            if (count >= 0)
                return (int)count;
            if (!IsPassing(Marshal.GetLastPInvokeError()))
                return 0; // EIO: the terminal hung up
        }
    }

    /// <summary>Writes all. False: nobody takes it.</summary>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    public bool Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Wait(descriptor, PollOut);
            var piece = bytes[..Math.Min(bytes.Length, PipeBuffer)];
            var count = write(descriptor, piece, piece.Length);
            if (count >= 0)
                bytes = bytes[(int)count..];
            else if (!IsPassing(Marshal.GetLastPInvokeError()))
                return false;
        }
        return true;
    }

    public void Dispose()
    {
        _wakeUpRead.Dispose();
        _wakeUpWrite.Dispose();
    }

    private void Wait(int descriptor, short events)
    {
        Span<PollEntry> entries = [new(descriptor, events), new(_wakeUpRead.DangerousGetHandle().ToInt32(), PollIn)];
        while (poll(entries, (nuint)entries.Length, -1) <= 0)
        {
            // Interrupted by a signal.
        }
        if (entries[1].Returned != 0)
            throw new OperationCanceledException();
    }

    private static bool IsPassing(int error) => error == Interrupted || error == WouldBlock;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry(int descriptor, short events)
    {
        public int Descriptor = descriptor;
        public short Events = events;
        public short Returned;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, Span<byte> buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, ReadOnlySpan<byte> buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Span<PollEntry> entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe(Span<int> descriptors);
}
