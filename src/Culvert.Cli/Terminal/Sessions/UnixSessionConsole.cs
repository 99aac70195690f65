using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Culvert.Ssh;

namespace Culvert.Cli.Terminal;

/// <summary>The standard descriptors of a Unix process. The runtime's own console is left alone: it keeps terminal settings of its own, and puts them back when it likes.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed partial class UnixSessionConsole : ISessionConsole
{
    private const int StandardInput = 0;

    // TCSADRAIN: after what was written has been shown. It has one value everywhere.
    private const int AfterOutput = 1;

    private const int StopOnLinux = 19, StopElsewhere = 17;
    private const uint WindowSizeRequest = 0x5413; // TIOCGWINSZ of Linux

    /// <summary>Larger than any struct termios.</summary>
    private const int TermiosSize = 128;

    private readonly StandardDescriptors _descriptors = new();
    private readonly Lock _gate = new();
    private readonly PosixSignalRegistration _windowChanged;
    private readonly PosixSignalRegistration _continued;
    private readonly byte[]? _usual;
    private bool _isRaw;
    private bool _isRawAgain;

    public UnixSessionConsole()
    {
        var settings = new byte[TermiosSize];
        _usual = tcgetattr(StandardInput, settings) == 0 ? settings : null;
        _windowChanged = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resized?.Invoke());
        // Whoever stopped us with the terminal raw (kill -STOP) had the shell change it; and the runtime must not put it back to how it was at the start.
        _continued = PosixSignalRegistration.Create(PosixSignal.SIGCONT, context =>
        {
            context.Cancel = true;
            Continue();
        });
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        AppDomain.CurrentDomain.UnhandledException += OnExit;
    }

    public event Action? Resized;

    public bool IsTerminal => _usual is not null;

    public bool IsRaw
    {
        get
        {
            lock (_gate)
                return _isRaw;
        }
    }

    public string TerminalType => Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } type ? type : "dumb";

    public TerminalSize Size
    {
        get
        {
            // ioctl takes its third argument as variadic: as any other on Linux, elsewhere not.
            if (OperatingSystem.IsLinux())
                return ioctl(StandardInput, WindowSizeRequest, out var size) == 0 ? new(size.Columns, size.Rows, size.Width, size.Height) : default;
            return new((uint)Math.Max(0, Console.WindowWidth), (uint)Math.Max(0, Console.WindowHeight));
        }
    }

    public ReadOnlyMemory<byte> Modes => UnixTerminalModes.Of(_usual);

    public void EnterRaw()
    {
        lock (_gate)
            _isRaw = _usual is not null;
        Apply();
    }

    public void LeaveRaw()
    {
        lock (_gate)
        {
            if (!_isRaw)
                return;
            _isRaw = false;
            _ = tcsetattr(StandardInput, AfterOutput, _usual!);
        }
    }

    public void Suspend()
    {
        lock (_gate)
            _isRawAgain = _isRaw;
        LeaveRaw();
        // Other threads take the stop first, and this one runs on for a moment: what comes after it is the affair of who hears of the continuation.
        _ = kill(Environment.ProcessId, OperatingSystem.IsLinux() ? StopOnLinux : StopElsewhere);
    }

    private void Continue()
    {
        lock (_gate)
        {
            _isRaw |= _isRawAgain;
            _isRawAgain = false;
        }
        Apply();
        Resized?.Invoke();
    }

    public async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        await using var cancel = cancellationToken.Register(_descriptors.Cancel);
        return await Task.Run(() => _descriptors.Read(StandardInput, into.Span), CancellationToken.None).ConfigureAwait(false);
    }

    public async ValueTask<bool> WriteAsync(StandardOutput to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await using var cancel = cancellationToken.Register(_descriptors.Cancel);
        return await Task.Run(() => _descriptors.Write((int)to, bytes.Span), CancellationToken.None).ConfigureAwait(false);
    }

    public void Dispose()
    {
        LeaveRaw();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        AppDomain.CurrentDomain.UnhandledException -= OnExit;
        _windowChanged.Dispose();
        _continued.Dispose();
        _descriptors.Dispose();
    }

    private void OnExit(object? sender, EventArgs e) => LeaveRaw();

    private void Apply()
    {
        lock (_gate)
        {
            if (!_isRaw)
                return;
            var raw = _usual!.ToArray();
            cfmakeraw(raw);
            _ = tcsetattr(StandardInput, AfterOutput, raw);
        }
    }

    // struct winsize: rows, columns, width and height in pixels
    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows, Columns, Width, Height;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, out WindowSize size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int descriptor, [Out] byte[] settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int descriptor, int when, byte[] settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw([In, Out] byte[] settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);
}
