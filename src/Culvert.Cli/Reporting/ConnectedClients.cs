using Culvert.Broker.Runtime;
using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Cli.Reporting;

/// <summary>Passes on what happens, and remembers who is connected. Thread-safe.</summary>
internal sealed class ConnectedClients(IReporter inner) : IReporter
{
    private readonly Lock _gate = new();
    private readonly List<(OpenTunnel Tunnel, Peer Client)> _connected = [];

    /// <summary>The clients of a tunnel, in the order in which they came.</summary>
    public IReadOnlyList<Peer> Of(OpenTunnel tunnel)
    {
        lock (_gate)
            return [.. _connected.Where(one => one.Tunnel == tunnel).Select(one => one.Client)];
    }

    public void ClientConnected(OpenTunnel tunnel, Peer client)
    {
        lock (_gate)
            _connected.Add((tunnel, client));
        inner.ClientConnected(tunnel, client);
    }

    public void ClientGone(OpenTunnel tunnel, Peer client)
    {
        lock (_gate)
            _connected.Remove((tunnel, client));
        inner.ClientGone(tunnel, client);
    }

    public void Tell(Message message) => inner.Tell(message);

    public void Opened(OpenTunnel tunnel) => inner.Opened(tunnel);

    public void ClientRefused(OpenTunnel tunnel, Peer client, string reason) => inner.ClientRefused(tunnel, client, reason);

    public void Started(Transfer transfer) => inner.Started(transfer);

    public void Ended(Transfer transfer) => inner.Ended(transfer);

    public void AddressRewritten(string from, string to) => inner.AddressRewritten(from, to);

    public void ChannelOpening(Endpoint to) => inner.ChannelOpening(to);
}
