using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Runtime;

/// <summary>Asks a server for its host key, as far as a login would need it, and goes away.</summary>
internal static class HostKeyProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>The key that the server proved to hold. Whether it's the right one, this can't tell.</summary>
    /// <exception cref="BrokerException">It couldn't be had.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<HostKeyOffer> AskAsync(Endpoint server, BrokerServices services, CancellationToken cancellationToken)
    {
        HostKeyOffer? seen = null;
        var options = new SshClientOptions
        {
            Server = server,
            // Seen is all that's wanted: the connection ends here, before anything of ours is said.
            HostKeyPolicy = (offer, _) =>
            {
                seen = offer;
                throw new SshHostKeyException("the key is all that was asked for");
            },
            Authentication = new ClientAuthenticationOptions { User = "probe", Host = server.Host },
            ConnectTimeout = Patience,
            LoggerFactory = services.LoggerFactory,
            Time = services.Time,
        };
        try
        {
            await (await SshConnection.ConnectAsync(services.Here, options, cancellationToken).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (SshException) when (seen is not null)
        {
            return seen;
        }
        catch (SshException e)
        {
            throw new BrokerException(Message.Error(e.Message, "is it an SSH server, and can it be reached?"), e);
        }
        throw new BrokerException(Message.Error($"{server} showed no host key", null));
    }
}
