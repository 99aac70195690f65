using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>The ports that the server has open for us. Thread-safe.</summary>
internal sealed class RemoteListeners
{
    private readonly Lock _gate = new();
    private readonly List<RemoteListener> _listeners = [];
    private Failure? _lost;

    public void Add(RemoteListener listener)
    {
        Failure? lost;
        lock (_gate)
        {
            lost = _lost;
            if (lost is null)
                _listeners.Add(listener);
        }
        if (lost is not null)
            listener.Lost(lost);
    }

    public void Remove(RemoteListener listener)
    {
        lock (_gate)
            _listeners.Remove(listener);
    }

    /// <summary>The listener that a <c>forwarded-tcpip</c> is for. OpenSSH names the address that it was asked to bind. Others name the one that they bound; then the
    /// port decides, if it's that of one listener only. Some name port 0 for a port that they chose themselves.</summary>
    public RemoteListener? Find(Endpoint connected)
    {
        lock (_gate)
        {
            RemoteListener? byPort = null;
            var candidates = 0;
            foreach (var listener in _listeners)
            {
                var isPort = connected.Port == 0 ? listener.IsDynamic : listener.LocalEndpoint.Port == connected.Port;
                if (!isPort)
                    continue;
                if (connected.Port != 0 && string.Equals(listener.LocalEndpoint.Host, connected.Host, StringComparison.OrdinalIgnoreCase))
                    return listener;
                byPort = listener;
                candidates++;
            }
            return candidates == 1 ? byPort : null;
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Lost(Failure failure)
    {
        RemoteListener[] all;
        lock (_gate)
        {
            _lost = failure;
            all = [.. _listeners];
            _listeners.Clear();
        }
        foreach (var listener in all)
            listener.Lost(failure);
    }
}
