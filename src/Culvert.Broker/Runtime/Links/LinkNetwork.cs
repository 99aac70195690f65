using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>The far side of a link that comes and goes. Who connects while it's away waits a while instead of being refused; who listens keeps listening.
/// Tunnels stand on this and know nothing of losses.</summary>
/// <param name="link">The link.</param>
/// <param name="patience">How long to wait for it.</param>
/// <param name="time">The clock.</param>
/// <param name="channels">Where connections are entered while they last; null: nowhere.</param>
internal sealed class LinkNetwork(SupervisedLink link, TimeSpan patience, TimeProvider time, ChannelBook? channels = null) : INetwork
{
    /// <inheritdoc/>
    public bool ListensOverAWay => true;

    /// <inheritdoc/>
    public Dial Connect(Endpoint to, ConnectOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new LinkDial(link, to, options, patience, time, channels);
    }

    /// <summary>Listens on the far side, now and again after each loss. Waits until the link is up.</summary>
    /// <exception cref="NetworkException">The link failed for good, or the far side refused.</exception>
    public async ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        var (live, failure) = await link.UpAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        if (live is null)
            throw new NetworkException(failure!);
        var listener = await live.Network.ListenAsync(at, options, cancellationToken).ConfigureAwait(false);
        return new LastingListener(link, live, listener, options, time, channels);
    }
}
