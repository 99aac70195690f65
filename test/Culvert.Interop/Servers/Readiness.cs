using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>Waits until a server listens, without connecting to it: a connection would be a session of its own.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task OfPortAsync(ChildProcess process, int port, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        while (!ProcessTable.ListeningPortsSeenBy(process.Id).Contains(port))
        {
            if (process.HasExited)
            {
                await process.WaitForExitAsync(limit.Token);
                throw new InvalidOperationException($"{process.Command} ended before it listened. It said:\n{process.Output}");
            }

            await Task.Delay(Between, TimeProvider.System, limit.Token);
        }
    }
}
