using System.Collections.Concurrent;
using Culvert.Net;

namespace Culvert.Demo;

/// <summary>The ports that the demo itself has open at this moment. They are all that the demo's SSH server connects to, so that its
/// channels can't be used to reach anything else on this machine (integrity: the demo is no open proxy).</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class OpenPorts
{
    private readonly ConcurrentDictionary<int, Endpoint> _ports = new();

    /// <summary>Notes that the demo listens there.</summary>
    public void Opened(Endpoint endpoint) => _ports[endpoint.Port] = endpoint;

    /// <summary>Notes that it doesn't any more.</summary>
    public void Closed(Endpoint endpoint) => _ports.TryRemove(endpoint.Port, out _);

    /// <summary>Whether the demo listens there. A name is taken for what it means on every machine only if it is <c>localhost</c>.</summary>
    public bool Contains(Endpoint endpoint) =>
        _ports.TryGetValue(endpoint.Port, out var open)
        && (open.Host == endpoint.Host || (endpoint.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && open.IsLoopback));
}
