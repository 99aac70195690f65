namespace Culvert.Net;

/// <summary>Serves one connection that a tunnel accepted, and disposes it. Must return soon after <paramref name="stop"/> is cancelled;
/// how much grace it takes is its own matter.</summary>
public delegate Task TunnelSession(Accepted client, CancellationToken stop);

/// <summary>An open port and the sessions that came in through it. It owns both: nothing of either is left when <see cref="RunAsync"/> has returned.</summary>
/// <param name="listener">Owned from now on.</param>
/// <param name="session">Serves each connection.</param>
/// <param name="maximumSessions">Further connections are reset; at least 1.</param>
public sealed class Tunnel(IListener listener, TunnelSession session, int maximumSessions)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _sessions = [];

    /// <summary>Sessions that are open now.</summary>
    public int Sessions
    {
        get
        {
            lock (_gate)
                return _sessions.Count;
        }
    }

    /// <summary>Accepts and serves until <paramref name="stop"/> is cancelled or the listener dies, then closes the listener, and returns when the last
    /// session has.</summary>
    /// <returns>Null after a stop; otherwise why the listener died.</returns>
    /// <exception cref="Exception">What a session threw: a defect in it, never the network's doing.</exception>
    public async Task<Failure?> RunAsync(CancellationToken stop)
    {
        Failure? cause = null;
        using var stopSessions = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            await using (listener.ConfigureAwait(false))
            {
                while (true)
                {
                    var client = await listener.AcceptAsync(stop).ConfigureAwait(false);
                    Start(client, stopSessions.Token);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (NetworkException e)
        {
            cause = stop.IsCancellationRequested ? null : e.Failure;
        }
        finally
        {
            await stopSessions.CancelAsync().ConfigureAwait(false);
            Task[] open;
            lock (_gate)
                open = [.. _sessions];
            await Task.WhenAll(open).ConfigureAwait(false);
        }
        return cause;
    }

    /// <summary>A session that relays bytes and knows nothing of them: a plain tunnel. Where to, the client may say itself.</summary>
    /// <param name="far">Where the destination is.</param>
    /// <param name="wish">Where clients want to go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="refused">Told of every client that couldn't be served, and where it wanted to go, when it said so.</param>
    public static TunnelSession Plain(INetwork far, ReadWish wish, TimeProvider time, Action<Endpoint?, Failure> refused) => async (client, stop) =>
    {
        await using var near = client.Duplex.ConfigureAwait(false);
        try
        {
            var wanted = await wish(client.Duplex, stop).ConfigureAwait(false);
            var outcome = wanted.Refusal is { } refusal
                ? new DialOutcome(null, refusal)
                : await DialAsync(far, wanted.To!.Value, client.Peer.Address, stop).ConfigureAwait(false);
            var answer = wanted.Answer(outcome);
            if (outcome.Duplex is not { } duplex)
            {
                refused(wanted.To, outcome.Failure!);
                if (answer.IsEmpty)
                    client.Duplex.Abort();
                else
                    await Parting.SayAsync(client.Duplex, answer, time, stop).ConfigureAwait(false);
                return;
            }
            await using (duplex.ConfigureAwait(false))
            {
                if (answer.IsEmpty || await client.Duplex.WriteAsync(answer, stop).ConfigureAwait(false) == WriteEnd.None)
                    await Relay.RunAsync(client.Duplex, duplex, time, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Both ends are reset: a plain tunnel has no way to say more.
            client.Duplex.Abort();
        }
    };

    private static async Task<DialOutcome> DialAsync(INetwork far, Endpoint to, Endpoint originator, CancellationToken stop)
    {
        var dial = far.Connect(to, ConnectOptions.Default with { Originator = originator, Priority = Priority.Bulk });
        using var abort = stop.Register(dial.Abort);
        return await dial.Outcome.ConfigureAwait(false);
    }

    private void Start(Accepted client, CancellationToken stop)
    {
        var serve = Sessions < maximumSessions ? session : Refuse;
        var running = ServeAsync(serve, client, stop);
        if (running.IsCompletedSuccessfully)
            return; // it was refused
        lock (_gate)
            _sessions.Add(running);
        // A session that failed stays in the set: RunAsync reports it. The continuation itself cannot fail.
        _ = running.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Begins at once, where the client was accepted; a session that throws at its beginning has failed like any other.</summary>
    private static async Task ServeAsync(TunnelSession serve, Accepted client, CancellationToken stop) => await serve(client, stop).ConfigureAwait(false);

    private void Forget(Task session)
    {
        lock (_gate)
            _sessions.Remove(session);
    }

    private static async Task Refuse(Accepted client, CancellationToken stop)
    {
        client.Duplex.Abort();
        await client.Duplex.DisposeAsync().ConfigureAwait(false);
    }
}
