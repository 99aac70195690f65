using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Culvert.Ssh;

namespace Culvert.Cli.Terminal;

/// <summary>The standard handles of a Windows process. Its console is told to speak the language of terminals, so that what the server's programs send means the same.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsSessionConsole : ISessionConsole
{
    private const int InputHandle = -10, OutputHandle = -11;
    private const uint ProcessedInput = 1, LineInput = 2, EchoInput = 4, WindowInput = 8, TerminalInput = 0x200;
    private const uint ProcessedOutput = 1, TerminalOutput = 4, NoAutomaticReturn = 8;

    /// <summary>A console has no signal for it; a person doesn't see a quarter of a second.</summary>
    private static readonly TimeSpan SizeInterval = TimeSpan.FromMilliseconds(250);

    private readonly Stream _input = Console.OpenStandardInput();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Stream _error = Console.OpenStandardError();
    private readonly ITimer _watch;
    private readonly Lock _gate = new();
    private (uint Input, uint Output)? _usual;
    private TerminalSize _size;

    public WindowsSessionConsole()
    {
        _size = Size;
        _watch = TimeProvider.System.CreateTimer(_ => Watch(), null, SizeInterval, SizeInterval);
    }

    public event Action? Resized;

    public bool IsTerminal => !Console.IsInputRedirected;

    public bool IsRaw
    {
        get
        {
            lock (_gate)
                return _usual is not null;
        }
    }

    public string TerminalType => Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } type ? type : "xterm-256color";

    public TerminalSize Size => Console.IsOutputRedirected ? default : new((uint)Console.WindowWidth, (uint)Console.WindowHeight);

    public ReadOnlyMemory<byte> Modes => TerminalModes.Encode([]);

    public void EnterRaw()
    {
        lock (_gate)
        {
            if (_usual is not null || !GetConsoleMode(GetStdHandle(InputHandle), out var input) || !GetConsoleMode(GetStdHandle(OutputHandle), out var output))
                return;
            _usual = (input, output);
            _ = SetConsoleMode(GetStdHandle(InputHandle), (input & ~(ProcessedInput | LineInput | EchoInput | WindowInput)) | TerminalInput);
            _ = SetConsoleMode(GetStdHandle(OutputHandle), output | ProcessedOutput | TerminalOutput | NoAutomaticReturn);
        }
    }

    public void LeaveRaw()
    {
        lock (_gate)
        {
            if (_usual is not { } usual)
                return;
            _usual = null;
            _ = SetConsoleMode(GetStdHandle(InputHandle), usual.Input);
            _ = SetConsoleMode(GetStdHandle(OutputHandle), usual.Output);
        }
    }

    public void Suspend()
    {
        // Windows has no such thing.
    }

    // A console's read can't be given up: it's left behind, and ends with the process or with the next key.
    public async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancellationToken) =>
        await _input.ReadAsync(into, CancellationToken.None).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);

    public async ValueTask<bool> WriteAsync(StandardOutput to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await (to == StandardOutput.Output ? _output : _error).WriteAsync(bytes, CancellationToken.None).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        LeaveRaw();
        _watch.Dispose();
    }

    private void Watch()
    {
        var size = Size;
        if (size == _size)
            return;
        _size = size;
        Resized?.Invoke();
    }

    [LibraryImport("kernel32")]
    private static partial nint GetStdHandle(int which);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetConsoleMode(nint console, out uint mode);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetConsoleMode(nint console, uint mode);
}
