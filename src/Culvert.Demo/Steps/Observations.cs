using System.Collections.Concurrent;
using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Demo.Steps;

/// <summary>An address line that the relay replaced.</summary>
internal readonly record struct Rewriting(string From, string To);

/// <summary>Collects what the relay tells while a transfer runs, for the tour to show when it has ended.</summary>
internal sealed class Observations : ITransferObserver
{
    private readonly ConcurrentQueue<Rewriting> _rewritings = new();
    private readonly ConcurrentQueue<Endpoint> _channels = new();

    /// <summary>Takes what was collected since the last call.</summary>
    public (IReadOnlyList<Rewriting> Rewritings, IReadOnlyList<Endpoint> Channels) Take() => (Drain(_rewritings), Drain(_channels));

    /// <inheritdoc/>
    public void AddressRewritten(string from, string to) => _rewritings.Enqueue(new(from, to));

    /// <inheritdoc/>
    public void ChannelOpening(Endpoint to) => _channels.Enqueue(to);

    /// <inheritdoc/>
    public void Started(Transfer transfer)
    {
        // The tour measures at the client's end.
    }

    /// <inheritdoc/>
    public void Ended(Transfer transfer)
    {
        // As above: the verdict is the SHA-256, not the relay's word.
    }

    private static List<T> Drain<T>(ConcurrentQueue<T> queue)
    {
        var taken = new List<T>();
        while (queue.TryDequeue(out var item)) taken.Add(item);
        return taken;
    }
}
