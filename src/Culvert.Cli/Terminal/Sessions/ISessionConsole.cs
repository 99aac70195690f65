using Culvert.Ssh;

namespace Culvert.Cli.Terminal;

/// <summary>Where a session's output goes.</summary>
internal enum StandardOutput
{
    /// <summary>Standard output.</summary>
    Output = 1,
    /// <summary>Standard error.</summary>
    Error = 2,
}

/// <summary>Standard input, output and error as a session uses them, and the terminal that input may be. Raw mode is left on every way out.</summary>
/// <remarks>One reader; one writer for each output; the rest is thread-safe.</remarks>
internal interface ISessionConsole : IDisposable
{
    /// <summary>Whether standard input is a terminal.</summary>
    bool IsTerminal { get; }

    /// <summary>Whether it passes every key on: lines then end with CR LF.</summary>
    bool IsRaw { get; }

    /// <summary>What the terminal understands (TERM).</summary>
    string TerminalType { get; }

    /// <summary>How large the terminal is now.</summary>
    TerminalSize Size { get; }

    /// <summary>The terminal's modes, as a session asks for them.</summary>
    ReadOnlyMemory<byte> Modes { get; }

    /// <summary>The window has another size.</summary>
    event Action? Resized;

    /// <summary>Every key is the session's from now on.</summary>
    void EnterRaw();

    /// <summary>The terminal is as it was before. A second call does nothing.</summary>
    void LeaveRaw();

    /// <summary>Stops this program until somebody continues it; the terminal is usable in between.</summary>
    void Suspend();

    /// <summary>Waits for input. 0: its end.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no later call reads either.</exception>
    ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancellationToken);

    /// <summary>Writes all. False: nobody takes it any more.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no later call writes either.</exception>
    ValueTask<bool> WriteAsync(StandardOutput to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);
}

/// <summary>Finds this process's console.</summary>
internal static class SessionConsole
{
    /// <summary>It.</summary>
    public static ISessionConsole Open() => OperatingSystem.IsWindows() ? new WindowsSessionConsole() : new UnixSessionConsole();
}
