using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Opens the port of a local tunnel on every address that it should have.</summary>
internal static class NearListeners
{
    /// <summary>A port that the system chose for one loopback address can be taken on the other: then another is tried.</summary>
    private const int TriesForACommonPort = 16;

    /// <summary>The addresses to listen on; without one of its own a tunnel is for this machine only. Pure.</summary>
    public static IReadOnlyList<string> Hosts(TunnelConfig tunnel, AddressFamilyChoice family) => tunnel.Spec.ListenHost switch
    {
        null when tunnel.OpenToOthers => [Every(family)],
        TunnelSpec.EveryAddress => [Every(family)],
        null or "localhost" => family switch
        {
            AddressFamilyChoice.Inet => [Endpoint.Loopback4],
            AddressFamilyChoice.Inet6 => [Endpoint.Loopback6],
            _ => [Endpoint.Loopback4, Endpoint.Loopback6],
        },
        { } host => [host],
    };

    /// <summary>Listens. One address that can't be had is a warning when another can.</summary>
    /// <exception cref="BrokerException">None can be had.</exception>
    public static async ValueTask<IReadOnlyList<IListener>> OpenAsync(
        TunnelConfig tunnel, AddressFamilyChoice family, INetwork near, Action<Message> warn, CancellationToken cancellationToken)
    {
        var hosts = Hosts(tunnel, family);
        var options = Options(tunnel);
        for (var tries = 1; ; tries++)
        {
            var listeners = new List<IListener>();
            var failures = new List<(Endpoint At, Failure Failure)>();
            try
            {
                foreach (var host in hosts)
                {
                    // Port 0: the first address chooses, the others follow.
                    var at = new Endpoint(host, listeners.Count > 0 ? listeners[0].LocalEndpoint.Port : tunnel.Spec.ListenPort);
                    try
                    {
                        listeners.Add(await near.ListenAsync(at, options, cancellationToken).ConfigureAwait(false));
                    }
                    catch (NetworkException e)
                    {
                        failures.Add((at, e.Failure));
                    }
                }
            }
            catch
            {
                await CloseAsync(listeners).ConfigureAwait(false);
                throw;
            }
            if (listeners.Count == 0)
                throw new BrokerException(ForwardMessages.LocalRefused(failures));
            if (tunnel.Spec.ListenPort == 0 && failures.Exists(failed => failed.Failure.Kind == FailureKind.InUse) && tries < TriesForACommonPort)
            {
                await CloseAsync(listeners).ConfigureAwait(false);
                continue;
            }
            foreach (var (at, failure) in failures)
                warn(ForwardMessages.OneFamilyMissing(at, failure, listeners[0].LocalEndpoint));
            return listeners;
        }
    }

    /// <summary>How a tunnel's port is opened, wherever that is.</summary>
    public static ListenOptions Options(TunnelConfig tunnel) => tunnel.Spec.Type == TunnelType.Ftp
        // A dialogue: ABOR may come as urgent data, and belongs where it stands in the stream.
        ? new ListenOptions { OutOfBandInline = true, Priority = Priority.Interactive }
        // Unknown bytes: whatever ends without order must look so, even when this process is killed.
        : new ListenOptions { ArmedToReset = true, Priority = Priority.Bulk };

    private static string Every(AddressFamilyChoice family) => family == AddressFamilyChoice.Inet ? "0.0.0.0" : TunnelSpec.EveryAddress;

    private static async ValueTask CloseAsync(List<IListener> listeners)
    {
        foreach (var listener in listeners)
            await listener.DisposeAsync().ConfigureAwait(false);
    }
}
