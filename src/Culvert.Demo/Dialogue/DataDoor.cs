using Culvert.Net;

namespace Culvert.Demo.Dialogue;

/// <summary>A data connection that was agreed on (227, 229, PORT, EPRT) and not made yet. It gives one connection.</summary>
internal abstract class DataDoor : IAsyncDisposable
{
    /// <summary>Makes the connection.</summary>
    /// <exception cref="NetworkException">It can't be made; the text says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract Task<Duplex> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Forgets it.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>We listen, the other side connects. Who comes from another address than the control connection, or belongs to another user of
/// this machine, is a stranger: that connection is reset, and we wait on. (A peer that has closed already has no user any more; it is let in, as
/// every FTP server does: what it sent is checked by whoever compares the file.)</summary>
internal sealed class ListeningDoor : DataDoor
{
    private readonly IListener _listener;
    private readonly Peer _expected;
    private readonly OpenPorts _ports;

    private ListeningDoor(IListener listener, Peer expected, OpenPorts ports)
    {
        (_listener, _expected, _ports) = (listener, expected, ports);
        _ports.Opened(listener.LocalEndpoint);
    }

    /// <summary>Where it listens.</summary>
    public Endpoint Endpoint => _listener.LocalEndpoint;

    /// <summary>Listens on a port that the network chooses.</summary>
    /// <param name="network">Where.</param>
    /// <param name="host">The address, that of the control connection's own end.</param>
    /// <param name="expected">The peer of the control connection; if its address isn't known, anybody's will do.</param>
    /// <param name="ports">Told while the port is open.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NetworkException">The network refused.</exception>
    public static async ValueTask<ListeningDoor> OpenPortAsync(INetwork network, string host, Peer expected, OpenPorts ports, CancellationToken cancellationToken) =>
        new(await network.ListenAsync(new(host, 0), ListenOptions.Default with { Priority = Priority.Bulk }, cancellationToken), expected, ports);

    /// <inheritdoc/>
    public override async Task<Duplex> OpenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (duplex, peer) = await _listener.AcceptAsync(cancellationToken);
            if (IsExpected(peer)) return duplex;
            duplex.Abort();
            await duplex.DisposeAsync();
        }
    }

    private bool IsExpected(Peer peer) =>
        _expected.Knowledge == AddressKnowledge.Unknown
        || (peer.Address.Host == _expected.Address.Host && (peer.Owner is null || _expected.Owner is null || peer.Owner == _expected.Owner));

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _ports.Closed(_listener.LocalEndpoint);
        await _listener.DisposeAsync();
    }
}

/// <summary>The other side listens, we connect.</summary>
internal sealed class ConnectingDoor(INetwork network, Endpoint to, Endpoint? source) : DataDoor
{
    /// <summary>A port on this machine, or behind a tunnel to it, answers at once or never.</summary>
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override async Task<Duplex> OpenAsync(CancellationToken cancellationToken)
    {
        var dial = network.Connect(to, ConnectOptions.Default with { Timeout = ConnectLimit, Source = source, Priority = Priority.Bulk });
        using var giveUp = cancellationToken.Register(dial.Abort);
        var outcome = await dial.Outcome;
        cancellationToken.ThrowIfCancellationRequested();
        return outcome.Duplex ?? throw new NetworkException(outcome.Failure!);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
