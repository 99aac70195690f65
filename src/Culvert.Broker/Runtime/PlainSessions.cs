using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Sessions that relay bytes and know nothing of them. After a stop they have a while to end by themselves; what then still runs is
/// cut, and counted.</summary>
internal sealed class PlainSessions(TunnelSession session, TimeSpan grace, TimeProvider time)
{
    private int _cut;

    /// <summary>How many were cut so far.</summary>
    public int Cut => Volatile.Read(ref _cut);

    /// <summary>Serves one client.</summary>
    public async Task ServeAsync(Accepted client, CancellationToken stop)
    {
        using var cut = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var begin = stop.Register(() => cut.CancelAfter(grace));
        await session(client, cut.Token).ConfigureAwait(false);
        if (cut.IsCancellationRequested)
            Interlocked.Increment(ref _cut);
    }
}
