namespace Culvert.Cli.Terminal;

/// <summary>The person in front of the machine, whatever standard input and output are connected to.</summary>
internal interface ITerminal : IDisposable
{
    /// <summary>Shows text as it is.</summary>
    void Write(string text);

    /// <summary>Shows a prompt and reads a line, without its end; null at the end of input. However it ends, echo is as it was before.</summary>
    /// <param name="prompt">Shown when what is typed doesn't show any more, and isn't dropped: whoever answers at once, a program too, is heard.</param>
    /// <param name="echo">Whether what is typed shows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask<string?> ReadLineAsync(string prompt, bool echo, CancellationToken cancellationToken);
}

/// <summary>Finds the terminal that controls this process.</summary>
internal static class ControllingTerminal
{
    /// <summary>It, or null when there is none (a service, cron, a container).</summary>
    /// <param name="mayStop">Whether Ctrl-Z stops the process while it asks.</param>
    public static ITerminal? TryOpen(bool mayStop) => OperatingSystem.IsWindows() ? WindowsTerminal.TryOpen() : UnixTerminal.TryOpen(mayStop);
}
