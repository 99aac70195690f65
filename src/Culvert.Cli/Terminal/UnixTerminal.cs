using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Culvert.Cli.Terminal;

/// <summary><c>/dev/tty</c>. Echo is switched off by termios only while a line is read, and on again on every way out: an answer, the end of
/// input, a signal, and while the process is stopped (Ctrl-Z).</summary>
[UnsupportedOSPlatform("windows")]
internal sealed partial class UnixTerminal : ITerminal
{
    /// <summary>More than any passphrase; a terminal's own line is shorter.</summary>
    private const int LongestLine = 4096;

    private const int ReadWrite = 2, NoControllingTerminal = 0x100, PollIn = 1, StopOnLinux = 19, StopElsewhere = 17;

    // After what was typed so far has been shown, and unread input dropped: TCSAFLUSH has one value everywhere.
    private const int FlushInput = 2;

    private readonly SafeFileHandle _tty;
    private readonly Lock _gate = new();
    private byte[]? _restore;
    private byte[]? _silent;

    private readonly bool _mayStop;

    private UnixTerminal(SafeFileHandle tty, bool mayStop) => (_tty, _mayStop) = (tty, mayStop);

    /// <summary>The terminal, or null when there is none.</summary>
    /// <param name="mayStop">Whether the process stops on Ctrl-Z.</param>
    public static UnixTerminal? TryOpen(bool mayStop)
    {
        var descriptor = open("/dev/tty", ReadWrite | (OperatingSystem.IsLinux() ? NoControllingTerminal : 0));
        return descriptor < 0 ? null : new UnixTerminal(new SafeFileHandle(descriptor, ownsHandle: true), mayStop);
    }

    public void Write(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var at = 0; at < bytes.Length;)
        {
            var written = write(_tty, bytes.AsSpan(at), bytes.Length - at);
            if (written <= 0 && Marshal.GetLastPInvokeError() != Interrupted)
                return; // the terminal hung up; the read that follows says so
            at += (int)Math.Max(0, written);
        }
    }

    public async ValueTask<string?> ReadLineAsync(string prompt, bool echo, CancellationToken cancellationToken)
    {
        // Stopped and continued by the shell, the terminal must be usable in between, and quiet again after it.
        using var stopped = !_mayStop ? null : PosixSignalRegistration.Create(PosixSignal.SIGTSTP, context =>
        {
            context.Cancel = true; // whoever handles this signal must stop the process, too
            SetEcho(restore: true);
            _ = kill(Environment.ProcessId, OperatingSystem.IsLinux() ? StopOnLinux : StopElsewhere);
        });
        using var continued = !_mayStop ? null : PosixSignalRegistration.Create(PosixSignal.SIGCONT, context =>
        {
            context.Cancel = true; // or the runtime would put the terminal back to how it was at the start: with echo
            SetEcho(restore: false);
        });
        if (!echo)
            BeginSilence();
        try
        {
            Write(prompt);
            return await Task.Run(() => ReadLine(cancellationToken), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            EndSilence();
            if (!echo)
                Write("\n"); // the Enter key wasn't shown
        }
    }

    public void Dispose()
    {
        EndSilence();
        _tty.Dispose();
    }

    // Bytes up to a newline. The terminal is in line mode: the kernel does the editing, and Ctrl-C is a signal, not a byte.
    private string? ReadLine(CancellationToken cancellationToken)
    {
        Span<int> wakeUp = stackalloc int[2];
        if (pipe(wakeUp) != 0)
            throw new IOException("no descriptor is left to wait for the terminal");
        using var wakeUpRead = new SafeFileHandle(wakeUp[0], ownsHandle: true);
        using var wakeUpWrite = new SafeFileHandle(wakeUp[1], ownsHandle: true);
        using var wake = cancellationToken.Register(() => write(wakeUpWrite, [0], 1));
        var line = new byte[LongestLine];
        try
        {
            for (var length = 0; ;)
            {
                Span<PollEntry> entries = [new(_tty.DangerousGetHandle().ToInt32(), PollIn), new(wakeUp[0], PollIn)];
                var ready = poll(entries, (nuint)entries.Length, -1);
                cancellationToken.ThrowIfCancellationRequested();
                if (ready <= 0)
                    continue; // interrupted
                var count = read(_tty, line.AsSpan(length), line.Length - length);
                if (count < 0 && IsPassing(Marshal.GetLastPInvokeError()))
                    continue;
                if (count <= 0)
                    return length > 0 ? Encoding.UTF8.GetString(line, 0, length) : null;
                length += (int)count;
                if (line.AsSpan(0, length).IndexOf((byte)'\n') is var end and >= 0)
                    return Encoding.UTF8.GetString(line, 0, end);
                if (length == line.Length)
                    return Encoding.UTF8.GetString(line);
            }
        }
        finally
        {
            Array.Clear(line);
        }
    }

    private void BeginSilence()
    {
        lock (_gate)
        {
            var settings = new byte[TermiosSize];
            if (tcgetattr(_tty, settings) != 0)
                return;
            _restore = settings;
            _silent = WithoutEcho(settings);
            _ = tcsetattr(_tty, FlushInput, _silent);
        }
    }

    private void EndSilence()
    {
        lock (_gate)
        {
            if (_restore is not null)
                _ = tcsetattr(_tty, FlushInput, _restore);
            (_restore, _silent) = (null, null);
        }
    }

    private void SetEcho(bool restore)
    {
        lock (_gate)
        {
            if ((restore ? _restore : _silent) is { } settings)
                _ = tcsetattr(_tty, FlushInput, settings);
        }
    }

    // struct termios begins with c_iflag, c_oflag, c_cflag, c_lflag; they're four bytes on Linux and a long elsewhere. ECHO is 8 on every Unix
    // that .NET runs on, and lies in the low byte. The rest is opaque here; the buffer is larger than any of the structures.
    private const int TermiosSize = 128;
    private const uint Echo = 8;

    private static byte[] WithoutEcho(byte[] settings)
    {
        var silent = settings.ToArray();
        var local = silent.AsSpan(3 * (OperatingSystem.IsLinux() ? sizeof(uint) : IntPtr.Size));
        BinaryPrimitives.WriteUInt32LittleEndian(local, BinaryPrimitives.ReadUInt32LittleEndian(local) & ~Echo);
        return silent;
    }

    private const int Interrupted = 4; // EINTR
    private static readonly int WouldBlock = OperatingSystem.IsLinux() ? 11 : 35; // EAGAIN

    private static bool IsPassing(int error) => error == Interrupted || error == WouldBlock;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry(int descriptor, short events)
    {
        public int Descriptor = descriptor;
        public short Events = events;
        public short Returned;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle descriptor, Span<byte> buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle descriptor, ReadOnlySpan<byte> buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Span<PollEntry> entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe(Span<int> descriptors);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(SafeFileHandle descriptor, [Out] byte[] settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(SafeFileHandle descriptor, int when, byte[] settings);
}
