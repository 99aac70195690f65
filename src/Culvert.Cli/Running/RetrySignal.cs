using System.Runtime.InteropServices;

namespace Culvert.Cli.Running;

/// <summary>SIGUSR1: what waits before its next attempt tries now. autossh's users know it.</summary>
internal static class RetrySignal
{
    /// <summary>Begins to listen. On Windows there is no such signal, and nothing comes.</summary>
    /// <returns>Ends it; null where there is no such signal.</returns>
    public static IDisposable? Register(Action retry)
    {
        if (OperatingSystem.IsWindows())
            return null;
        // The runtime names only signals that Windows has too; others are passed by their number.
        var number = OperatingSystem.IsLinux() ? 10 : 30;
        return PosixSignalRegistration.Create((PosixSignal)number, context =>
        {
            context.Cancel = true;
            retry();
        });
    }
}
