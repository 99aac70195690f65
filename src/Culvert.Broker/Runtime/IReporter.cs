using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Hears what happens, to show it to somebody.</summary>
/// <remarks>Called on whatever task it happens on: thread-safe, quick, and never throwing.</remarks>
public interface IReporter : ITransferObserver
{
    /// <summary>Something to tell.</summary>
    void Tell(Message message);

    /// <summary>A tunnel is open.</summary>
    void Opened(OpenTunnel tunnel);

    /// <summary>A client came in.</summary>
    void ClientConnected(OpenTunnel tunnel, Peer client);

    /// <summary>A client is gone.</summary>
    void ClientGone(OpenTunnel tunnel, Peer client);

    /// <summary>A client was sent away.</summary>
    /// <param name="tunnel">Where it knocked.</param>
    /// <param name="client">What is known of it.</param>
    /// <param name="reason">Why, in one line.</param>
    void ClientRefused(OpenTunnel tunnel, Peer client, string reason);
}
