using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Several listeners taken for one: a tunnel on two loopback addresses has one limit of sessions and one end.</summary>
internal sealed class JoinedListener : IListener
{
    private readonly IReadOnlyList<IListener> _listeners;
    private readonly Task<Accepted>?[] _accepting;
    private readonly CancellationTokenSource _closed = new();

    public JoinedListener(IReadOnlyList<IListener> listeners)
    {
        _listeners = listeners;
        _accepting = new Task<Accepted>?[listeners.Count];
    }

    public Endpoint LocalEndpoint => _listeners[0].LocalEndpoint;

    /// <summary>The next connection on any of them. One caller at a time.</summary>
    public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < _listeners.Count; i++)
            _accepting[i] ??= _listeners[i].AcceptAsync(_closed.Token).AsTask();
        var first = await Task.WhenAny(_accepting!).WaitAsync(cancellationToken).ConfigureAwait(false);
        _accepting[Array.IndexOf(_accepting, first)] = null;
        return await first.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        foreach (var listener in _listeners)
            await listener.DisposeAsync().ConfigureAwait(false);
        foreach (var accepting in _accepting)
        {
            if (accepting is null)
                continue;
            try
            {
                // Accepted but never taken: nobody will speak to it.
                var (duplex, _) = await accepting.ConfigureAwait(false);
                duplex.Abort();
                await duplex.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or NetworkException)
            {
                // That is how an accept ends when its listener is closed.
            }
        }
        _closed.Dispose();
    }
}
