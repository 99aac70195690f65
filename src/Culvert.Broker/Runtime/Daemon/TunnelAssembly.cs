using Culvert.Broker.Config;
using Culvert.Broker.Runtime.Upkeep;
using Culvert.Net;
using Culvert.Net.Socks;

namespace Culvert.Broker.Runtime;

/// <summary>A tunnel that was put together from its port, its sessions and its rules.</summary>
/// <param name="Tunnel">It, ready to run.</param>
/// <param name="CutSoFar">How many transfers or connections were cut after a stop.</param>
internal sealed record TunnelAssembly(RunningTunnel Tunnel, Func<int> CutSoFar)
{
    /// <summary>Opens the port and puts the rest behind it.</summary>
    /// <param name="tunnel">What is wanted.</param>
    /// <param name="connection">The connection that carries it.</param>
    /// <param name="there">The far side.</param>
    /// <param name="services">This machine, and who hears of it.</param>
    /// <param name="stopSessions">Ends the sessions, after a while.</param>
    /// <param name="cancellationToken">Gives up; nothing is left open.</param>
    /// <exception cref="BrokerException">The port can't be had.</exception>
    public static async ValueTask<(TunnelAssembly Assembly, IListener Listener)> OpenAsync(
        TunnelConfig tunnel, ConnectionConfig connection, INetwork there, BrokerServices services, CancellationToken stopSessions, CancellationToken cancellationToken)
    {
        var listener = tunnel.Spec.Kind == TunnelKind.Local
            ? await OpenHereAsync(tunnel, connection, services, cancellationToken).ConfigureAwait(false)
            : new OpenPort([await ListenThereAsync(tunnel, connection, there, services, cancellationToken).ConfigureAwait(false)]);
        return (Of(tunnel, connection, listener, there, services, stopSessions), listener.Listener);
    }

    /// <summary>Opens a local tunnel's port on each of its addresses.</summary>
    /// <exception cref="BrokerException">None can be had.</exception>
    public static async ValueTask<OpenPort> OpenHereAsync(TunnelConfig tunnel, ConnectionConfig connection, BrokerServices services, CancellationToken cancellationToken) =>
        new(await NearListeners.OpenAsync(tunnel, connection.AddressFamily, services.Here, services.Reporter.Tell, cancellationToken).ConfigureAwait(false));

    /// <summary>Puts sessions behind an open port.</summary>
    public static TunnelAssembly Of(TunnelConfig tunnel, ConnectionConfig connection, OpenPort port, INetwork there, BrokerServices services, CancellationToken stopSessions)
    {
        var (near, far) = tunnel.Spec.Kind == TunnelKind.Local ? (services.Here, there) : (there, services.Here);
        var facts = new OpenTunnel(tunnel, connection.Host, port.Endpoints);
        TunnelSession serve;
        Func<int> cut;
        if (tunnel.Spec.Type == TunnelType.Ftp)
        {
            var sessions = new FtpSessions(tunnel, connection.Host, near, far, services, connection.Grace, stopSessions);
            (serve, cut) = (sessions.ServeAsync, () => sessions.Cut);
        }
        else
        {
            var session = Net.Tunnel.Plain(far, WishOf(tunnel, connection, services.Time), services.Time, (to, failure) => services.Reporter.Tell(ForwardMessages.OpenFailed(facts, to, failure)));
            var sessions = new PlainSessions(session, connection.Grace, services.Time);
            (serve, cut) = (sessions.ServeAsync, () => sessions.Cut);
        }
        // Sessions follow their own stop: after a lost link they first have their say.
        return new TunnelAssembly(new RunningTunnel(facts, port.Listener, AdmissionFor(tunnel), (client, _) => ServeAsync(serve, client, services.Spare, stopSessions), services.Reporter, services.Time), cut);
    }

    private static async Task ServeAsync(TunnelSession serve, Accepted client, SpareMemory? spare, CancellationToken stop)
    {
        spare?.Enter();
        try
        {
            await serve(client, stop).ConfigureAwait(false);
        }
        finally
        {
            spare?.Leave();
        }
    }

    // PermitRemoteOpen is there for clients on the server's side, who could otherwise reach whatever this machine reaches.
    private static ReadWish WishOf(TunnelConfig tunnel, ConnectionConfig connection, TimeProvider time) => tunnel.Spec.Type == TunnelType.Socks
        ? new SocksClients(tunnel.Spec.Kind == TunnelKind.Remote ? connection.RemoteOpen.Forbids : _ => null, time).ReadAsync
        : Wish.Always(new Endpoint(tunnel.Spec.DestinationHost, tunnel.Spec.DestinationPort));

    /// <summary>Who may enter a tunnel on this machine.</summary>
    /// <exception cref="ConfigException">A user is named whom this machine doesn't have.</exception>
    public static Admission AdmissionFor(TunnelConfig tunnel) => Admission.For(tunnel, LocalUsers.Current, LocalUsers.IsSuperuser, LocalUsers.Find);

    private static async ValueTask<IListener> ListenThereAsync(
        TunnelConfig tunnel, ConnectionConfig connection, INetwork there, BrokerServices services, CancellationToken cancellationToken)
    {
        // As ssh asks: without an address "localhost", which sshd takes for both loopback addresses; empty for every one.
        var host = tunnel.Spec.ListenHost switch { null => "localhost", TunnelSpec.EveryAddress => "", { } said => said };
        try
        {
            var listener = await there.ListenAsync(new Endpoint(host, tunnel.Spec.ListenPort), NearListeners.Options(tunnel), cancellationToken).ConfigureAwait(false);
            if (tunnel.Spec.ListenPort == 0)
                services.Reporter.Tell(ForwardMessages.Allocated(tunnel.Spec, listener.LocalEndpoint.Port));
            return listener;
        }
        catch (NetworkException e)
        {
            throw new BrokerException(ForwardMessages.RemoteRefused(tunnel.Spec, e.Failure, connection.ExitOnForwardFailure && !tunnel.IsBestEffort), e);
        }
    }
}

/// <summary>An open port, on one address or several.</summary>
internal sealed class OpenPort(IReadOnlyList<IListener> listeners)
{
    /// <summary>Where it listens.</summary>
    public IReadOnlyList<Endpoint> Endpoints { get; } = [.. listeners.Select(one => one.LocalEndpoint)];

    /// <summary>All of them as one.</summary>
    public IListener Listener { get; } = listeners.Count == 1 ? listeners[0] : new JoinedListener(listeners);
}
