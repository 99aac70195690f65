using System.Diagnostics;

namespace Culvert.Net.Processes;

/// <summary>A process's standard input and output as a connection. The process lives as long as the connection.</summary>
internal sealed class ProcessDuplex(Process process, TimeProvider time) : StreamDuplex(process.StandardOutput.BaseStream, process.StandardInput.BaseStream)
{
    /// <summary>How long a process has to end by itself after its input ended.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private int _disposed;

    /// <summary>Also ends the process and all that it started, at once.</summary>
    public override void Abort()
    {
        base.Abort();
        if (Volatile.Read(ref _disposed) == 0)
            Shell.KillTree(process);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        // The pipes are closed: what works in order ends by itself now.
        await base.DisposeAsync().ConfigureAwait(false);
        Shell.HangUp(process);
        using (var patience = new CancellationTokenSource(Patience, time))
        {
            try
            {
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Shell.KillTree(process);
            }
        }
        process.Dispose();
    }
}
