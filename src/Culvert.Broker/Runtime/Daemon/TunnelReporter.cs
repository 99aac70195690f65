using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Hears what happens in one tunnel of a broker, and says whose it was.</summary>
internal sealed class TunnelReporter(long tunnel, string profile, IReporter inner, Activity activity) : IReporter
{
    /// <inheritdoc/>
    public void Tell(Message message) => inner.Tell(message with { Text = $"{profile}: {message.Text}" });

    /// <inheritdoc/>
    public void Opened(OpenTunnel tunnelFacts)
    {
        activity.TunnelOpened(tunnel, profile, tunnelFacts);
        inner.Opened(tunnelFacts);
    }

    /// <inheritdoc/>
    public void ClientConnected(OpenTunnel tunnelFacts, Peer client)
    {
        activity.ClientConnected(tunnel, profile, client);
        inner.ClientConnected(tunnelFacts, client);
    }

    /// <inheritdoc/>
    public void ClientGone(OpenTunnel tunnelFacts, Peer client)
    {
        activity.ClientGone(tunnel, profile, client);
        inner.ClientGone(tunnelFacts, client);
    }

    /// <inheritdoc/>
    public void ClientRefused(OpenTunnel tunnelFacts, Peer client, string reason)
    {
        activity.ClientRefused(tunnel, profile, client, reason);
        inner.ClientRefused(tunnelFacts, client, reason);
    }

    /// <inheritdoc/>
    public void Started(Transfer transfer)
    {
        activity.TransferStarted(tunnel, profile, transfer);
        inner.Started(transfer);
    }

    /// <inheritdoc/>
    public void Ended(Transfer transfer)
    {
        activity.TransferEnded(tunnel, profile, transfer);
        inner.Ended(transfer);
    }

    /// <inheritdoc/>
    public void AddressRewritten(string from, string to) => inner.AddressRewritten(from, to);

    /// <inheritdoc/>
    public void ChannelOpening(Endpoint to) => inner.ChannelOpening(to);
}
