using Culvert.Broker.Config;
using Culvert.Net;
using Culvert.OpenSsh;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>Has the user's own <c>ssh</c> make the connection: its host keys, its login, its questions. Ours are the channels.</summary>
internal static class OpenSshLink
{
    /// <summary>Starts it and waits for its login.</summary>
    /// <exception cref="BrokerException">It couldn't be done; <c>ssh</c> has said why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<SshRoute> ConnectAsync(ConnectionConfig config, BrokerServices services, CancellationToken cancellationToken)
    {
        OpenSshMaster? master = null;
        try
        {
            master = await OpenSshMaster.StartAsync(
                new OpenSshOptions
                {
                    Arguments = OpenSshArguments.Of(config), Host = config.Host, Time = services.Time, Logger = services.LoggerFactory.CreateLogger("Culvert.OpenSsh"),
                },
                cancellationToken).ConfigureAwait(false);
            var shared = await master.OpenProxyAsync(cancellationToken).ConfigureAwait(false);
            return SshRoute.Of(new ProxiedConnection(shared, services.LoggerFactory, services.Time), master);
        }
        catch (Exception e)
        {
            if (master is not null)
                await master.DisposeAsync().ConfigureAwait(false);
            if (e is NetworkException { Failure: var failure })
                throw new BrokerException(Message.Error(failure.Text, "ssh has said why; -v has it say more"), e);
            throw;
        }
    }
}
