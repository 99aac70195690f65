using System.Collections.Concurrent;

namespace Culvert.Broker.Runtime;

/// <summary>The connections that are open through one link, and what all so far have carried. Thread-safe.</summary>
/// <param name="nextId">Numbers them.</param>
/// <param name="latency">Told how long each took to open.</param>
internal sealed class ChannelBook(Func<long> nextId, Action<TimeSpan>? latency = null)
{
    private readonly ConcurrentDictionary<long, LinkChannel> _open = new();
    private long _received;
    private long _sent;

    /// <summary>Those that are open, the oldest first.</summary>
    public IReadOnlyList<LinkChannel> Open => [.. _open.Values.OrderBy(channel => channel.Id)];

    /// <summary>Bytes from the far side, of all that are open or were.</summary>
    public long Received => Interlocked.Read(ref _received) + _open.Values.Sum(channel => channel.Received);

    /// <summary>Bytes to the far side, likewise.</summary>
    public long Sent => Interlocked.Read(ref _sent) + _open.Values.Sum(channel => channel.Sent);

    /// <summary>A number that no other has.</summary>
    public long NextId() => nextId();

    /// <summary>Enters one.</summary>
    public void Opened(LinkChannel channel, TimeSpan took)
    {
        _open[channel.Id] = channel;
        latency?.Invoke(took);
    }

    /// <summary>Takes one out.</summary>
    public void Closed(LinkChannel channel)
    {
        if (!_open.TryRemove(channel.Id, out _))
            return;
        Interlocked.Add(ref _received, channel.Received);
        Interlocked.Add(ref _sent, channel.Sent);
    }
}
