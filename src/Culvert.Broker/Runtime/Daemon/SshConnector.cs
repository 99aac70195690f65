using Culvert.Broker.Config;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>Makes a profile's connection over SSH.</summary>
internal static class SshConnector
{
    /// <summary>A server that is there answers within this time, also from the other side of the world and under load.</summary>
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);

    /// <summary>For a profile.</summary>
    /// <param name="profile">What is wanted.</param>
    /// <param name="services">The network that leads there, and who answers questions.</param>
    public static LinkConnector Of(ProfileConfig profile, BrokerServices services) => Of(profile.Connection, services);

    /// <summary>For a connection.</summary>
    public static LinkConnector Of(ConnectionConfig connection, BrokerServices services) => async (asking, cancellationToken) =>
    {
        var route = await SshLink.ConnectAsync(connection, services with { Ask = Told(services.Ask, asking) }, cancellationToken).ConfigureAwait(false);
        return new LiveLink(route.Network, route.Closed, route) 
        {
            Ssh = route.Connection,
            Probe = route.Connection is { } ssh ? token => ssh.ProbeAsync(ProbePatience, token) : null,
        };
    };

    private static Ask? Told(Ask? ask, Action<bool> asking) => ask is null ? null : async (question, cancellationToken) =>
    {
        asking(true);
        try
        {
            return await ask(question, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            asking(false);
        }
    };
}
