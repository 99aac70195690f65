using System.Collections.Concurrent;
using Culvert.Broker.Runtime;
using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Tests.Broker;

/// <summary>Keeps what it hears.</summary>
internal sealed class RecordingReporter : IReporter
{
    public ConcurrentQueue<Message> Messages { get; } = [];
    public ConcurrentQueue<OpenTunnel> Open { get; } = [];
    public ConcurrentQueue<string> Refused { get; } = [];
    public ConcurrentQueue<Peer> Gone { get; } = [];

    public void Tell(Message message) => Messages.Enqueue(message);
    public void Opened(OpenTunnel tunnel) => Open.Enqueue(tunnel);
    public void ClientConnected(OpenTunnel tunnel, Peer client) { }
    public void ClientGone(OpenTunnel tunnel, Peer client) => Gone.Enqueue(client);
    public void ClientRefused(OpenTunnel tunnel, Peer client, string reason) => Refused.Enqueue(reason);
    public void Started(Transfer transfer) { }
    public void Ended(Transfer transfer) { }
    public void AddressRewritten(string from, string to) { }
    public void ChannelOpening(Endpoint to) { }
}
