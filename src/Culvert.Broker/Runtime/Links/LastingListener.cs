using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>A port on the far side of a link that comes and goes: after each loss it's asked for again, as often as it takes, since a server can hold the old one
/// for a while.</summary>
internal sealed class LastingListener : IListener
{
    /// <summary>The longest wait between two requests for a port that is still held: sshd frees it when it notices that the old connection is dead.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private readonly SupervisedLink _link;
    private readonly ListenOptions _options;
    private readonly TimeProvider _time;
    private readonly ChannelBook? _channels;
    private readonly IDisposable _hold;
    private readonly CancellationTokenSource _closed = new();
    private LiveLink _on;
    private IListener? _inner;

    /// <summary>Takes over a listener.</summary>
    public LastingListener(SupervisedLink link, LiveLink on, IListener inner, ListenOptions options, TimeProvider time, ChannelBook? channels)
    {
        (_link, _on, _inner, _options, _time, _channels) = (link, on, inner, options, time, channels);
        LocalEndpoint = inner.LocalEndpoint;
        _hold = link.Hold();
    }

    /// <inheritdoc/>
    public Endpoint LocalEndpoint { get; }

    /// <summary>The next connection. One caller at a time. A lost link is no end: the port is opened again on the next one.</summary>
    public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        try
        {
            while (true)
            {
                var inner = _inner ??= await ListenAgainAsync(either.Token).ConfigureAwait(false);
                try
                {
                    var (duplex, peer) = await inner.AcceptAsync(either.Token).ConfigureAwait(false);
                    var channel = new LinkChannel(duplex, LocalEndpoint, peer.Knowledge == AddressKnowledge.Unknown ? null : peer.Address, _time, _link.Hold(), _channels, isIncoming: true);
                    _channels?.Opened(channel, TimeSpan.Zero);
                    return new Accepted(channel, peer);
                }
                catch (NetworkException) when (!_closed.IsCancellationRequested)
                {
                    _inner = null;
                    await inner.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            throw new NetworkException(new Failure(FailureKind.Aborted, "the listener was closed"));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        if (_inner is { } inner)
            await inner.DisposeAsync().ConfigureAwait(false);
        _hold.Dispose();
    }

    private async Task<IListener> ListenAgainAsync(CancellationToken cancellationToken)
    {
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            var (changed, retry) = (_link.Changed.Next, _link.Retries.Next);
            var (live, _) = await _link.UpAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
            if (live is null || (live == _on && live.Closed.IsCompleted))
            {
                // It failed for good, until somebody does something about it.
                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }
            try
            {
                // The same port as before, also when the server had chosen it: people were told that one.
                var listener = await live.Network.ListenAsync(LocalEndpoint, _options, cancellationToken).ConfigureAwait(false);
                _on = live;
                return listener;
            }
            catch (NetworkException)
            {
                using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(retry, Task.Delay(wait, _time, over.Token)).ConfigureAwait(false);
                await over.CancelAsync().ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (retry.IsCompleted)
                    wait = FirstWait;
            }
        }
    }
}
