using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Ftp.Opaque;

/// <summary>What a set of ports leads to, and how.</summary>
internal sealed record OpaqueRoute(INetwork Near, INetwork Far, string NearHost, Endpoint Destination, FtpRelayOptions Options, ILogger Logger, ITransferObserver? Observer);

/// <summary>The passive ports of an FTP server, open under the same numbers on the client's side while sessions last whose dialogue can't be read: each leads to the same
/// port of the destination. Only who holds such a session may enter.</summary>
/// <remarks>Shared by all sessions of a relay that came in at one address. Thread-safe.</remarks>
#pragma warning disable CA1001 // the semaphore is never waited on by handle, and the token source goes with the last session
internal sealed class OpaquePorts(OpaqueRoute route)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<Peer> _members = [];
    private CancellationTokenSource? _open;
    private List<Task> _serving = [];

    /// <summary>A session begins: the ports are opened, if they aren't already.</summary>
    /// <returns>Why they can't be; or null, and then <see cref="LeaveAsync"/> must follow.</returns>
    public async Task<string?> EnterAsync(Peer client, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_open is null && await OpenAsync(cancellationToken).ConfigureAwait(false) is { } failure)
                return failure;
            lock (_gate)
                _members.Add(client);
            return null;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>A session is over; the last one closes the ports and cuts what still runs there.</summary>
    public async Task LeaveAsync(Peer client)
    {
        await _changing.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            lock (_gate)
            {
                _members.Remove(client);
                if (_members.Count > 0)
                    return;
            }
            var (open, serving) = (_open!, _serving);
            (_open, _serving) = (null, []);
            await open.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(serving).ConfigureAwait(false);
            open.Dispose();
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<string?> OpenAsync(CancellationToken cancellationToken)
    {
        var (first, last) = route.Options.PassivePorts!.Value;
        var listeners = new List<IListener>();
        try
        {
            for (var port = first; port <= last; port++)
            {
                listeners.Add(await route.Near.ListenAsync(new(route.NearHost, port), new() { ArmedToReset = true, Priority = Priority.Bulk }, cancellationToken)
                    .ConfigureAwait(false));
            }
        }
        catch (Exception e) when (e is NetworkException or OperationCanceledException)
        {
            var failed = FormattableString.Invariant($"port {first + listeners.Count} can't be opened here");
            foreach (var listener in listeners)
                await listener.DisposeAsync().ConfigureAwait(false);
            return e is NetworkException network ? $"{failed} ({network.Failure.Text})" : failed;
        }
        _open = new();
        _serving = listeners.ConvertAll(Task (listener) =>
        {
            var server = route.Destination.WithPort(listener.LocalEndpoint.Port);
            return new Tunnel(listener, (client, stop) => ServeAsync(client, server, stop), int.MaxValue).RunAsync(_open.Token);
        });
        return null;
    }

    private async Task ServeAsync(Accepted client, Endpoint destination, CancellationToken stop)
    {
        await using var near = client.Duplex.ConfigureAwait(false);
        if (Refuse(client.Peer) is { } refusal)
        {
            Log.OpaqueStranger(route.Logger, client.Peer.Knowledge == AddressKnowledge.Unknown ? "somewhere" : client.Peer.Address.ToString(), destination.Port, refusal);
            client.Duplex.Abort();
            return;
        }
        var dial = route.Far.Connect(destination, new()
        {
            Timeout = route.Options.DataDialTimeout,
            Originator = client.Peer.Knowledge == AddressKnowledge.Unknown ? null : client.Peer.Address,
            Priority = Priority.Bulk,
            QuickAcknowledge = true,
        });
        DialOutcome outcome;
        using (stop.Register(dial.Abort))
            outcome = await dial.Outcome.ConfigureAwait(false);
        if (outcome.Duplex is not { } server)
        {
            Log.OpaqueFailed(route.Logger, destination.ToString(), outcome.Failure!.Text);
            client.Duplex.Abort();
            return;
        }
        await using var far = server.ConfigureAwait(false);
        try
        {
            await Relay.RunAsync(client.Duplex, server, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The sessions are over; both sides were reset.
            route.Observer?.UnseenDataCut();
        }
    }

    /// <summary>Belongs this connection to the client of a session?</summary>
    private string? Refuse(Peer data)
    {
        string? refusal = "no session asks for it";
        lock (_gate)
        {
            foreach (var member in _members)
            {
                if ((refusal = FtpPolicy.RefuseData(data, member)) is null)
                    break;
            }
        }
        return refusal;
    }
}
