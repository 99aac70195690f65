using System.Collections.Concurrent;
using System.Net;
using Culvert.Ftp.Dialogue;
using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>The sockets of one data connection: a near one to the client, a far one to the server. It copies both ways, tells what happens, and
/// ends nothing that means something: whether an end may be shown to a client is the conversation's to say.</summary>
/// <remarks>The methods are for one caller at a time. The owner disposes it, which cuts what was not settled and waits until all is released.</remarks>
internal sealed class DataPath : IAsyncDisposable
{
    /// <summary>After an orderly end, peers get so long to close their side; then the sockets are closed all the same.
    /// What was written still arrives: ending disarmed the reset.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(30);

    private readonly int _id;
    private readonly DataPathContext _context;
    private readonly CancellationTokenSource _life = new();
    private readonly CancellationTokenSource _hurry = new();
    private readonly DataSide _near = new();
    private readonly DataSide _far = new();
    private readonly TaskCompletionSource<Ending> _settled = new(); // who waits for it goes on at once
    private readonly TaskCompletionSource _mayEncryptFar = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _openings = [];
    private readonly ConcurrentQueue<Task> _ends = [];
    private readonly List<ITimer> _timers = [];
    private readonly ByteMeter _up = new();
    private readonly ByteMeter _down = new();
    private Task<ReadEnd> _clientEnding = Task.FromResult(ReadEnd.None);
    private readonly Task _told;
    private ITimer? _drainTimer;
    private int _isSettled;
    private bool _isCut;
    private volatile bool _hasEndedFar;

    public DataPath(int id, DataPathContext context)
    {
        (_id, _context) = (id, context);
        _far.Encrypt = context.EncryptFar;
        Completion = RunAsync();
        _told = TellAsync();
    }

    /// <summary>Both sides are closed. Comes after <see cref="Settle"/>, and never faults because of a peer.</summary>
    public Task Completion { get; }

    /// <summary>Bytes that the far side took from the client.</summary>
    public long Uploaded => _up.Bytes;

    /// <summary>Bytes that the client's side took from the server.</summary>
    public long Downloaded => _down.Bytes;

    /// <summary>Told how to end.</summary>
    public bool IsSettled => Volatile.Read(ref _isSettled) != 0;

    /// <summary>How the client's side ended before it was closed here; <see cref="ReadEnd.None"/> when it did not. For paths that were settled in
    /// order; known when they are complete.</summary>
    public ReadEnd ClientEnd { get; private set; }

    /// <summary>Opens the far side; the request is on its way (or queued) when this returns.</summary>
    public void DialFar(Endpoint server)
    {
        Log.DialingFar(_context.Logger, _context.Session, _id, server.ToString());
        var dial = _context.Far.Connect(server, new()
        {
            Timeout = _context.Options.DataDialTimeout,
            Originator = _context.Originator,
            Priority = Priority.Bulk,
            QuickAcknowledge = true,
        });
        _openings.Add(DialAsync(dial, _far, new PathEvent.FarOpen(_id), failure => new PathEvent.FarFailed(_id, failure)));
    }

    /// <summary>Connects to the client's own listener, if it belongs to the user behind the control connection.</summary>
    /// <param name="client">Where.</param>
    /// <param name="encrypted">TLS, as the client has asked for.</param>
    public void DialNear(IPEndPoint client, bool encrypted)
    {
        _near.Encrypt = encrypted ? _context.EncryptNear : null;
        var to = Endpoint.From(client);
        Log.DialingNear(_context.Logger, _context.Session, _id, to.ToString());
        var dial = FtpPolicy.TryGetRequiredOwner(_context.Client, out var owner)
            ? _context.Near.Connect(to, new() { Timeout = _context.Options.DataDialTimeout, ArmedToReset = true, RequiredOwner = owner, Priority = Priority.Bulk })
            : Dial.Failed(new(FailureKind.Prohibited, "the user behind the control connection can't be told"));
        _openings.Add(DialAsync(dial, _near, new PathEvent.NearOpen(_id), failure => new PathEvent.NearFailed(_id, failure)));
    }

    /// <summary>Listens for the client, and takes the first connection that is admitted.</summary>
    /// <param name="encrypted">TLS, as the client has asked for.</param>
    public void ListenNear(bool encrypted)
    {
        _near.Encrypt = encrypted ? _context.EncryptNear : null;
        _openings.Add(ListenAsync(_context.Near, _context.NearHost,
        new() { ArmedToReset = true, Ports = _context.Options.Ftps == Ftps.Opaque ? null : _context.Options.PassivePorts, Priority = Priority.Bulk },
        _near, at => new PathEvent.NearListening(_id, at), new PathEvent.NearOpen(_id), failure => new PathEvent.NearFailed(_id, failure), AdmitClient));
    }

    /// <summary>Listens on the far side for the server, and takes the first connection that can be the server's.</summary>
    public void ListenFar(IPAddress address) => _openings.Add(ListenAsync(_context.Far, new(address.ToString(), 0),
        new() { ArmedToReset = true, Priority = Priority.Bulk },
        _far, at => new PathEvent.FarListening(_id, at), new PathEvent.FarOpen(_id), failure => new PathEvent.FarFailed(_id, failure), peer => AdmitServer(peer, address)));

    /// <summary>The far side may be encrypted now. It waits for that, when it is to be.</summary>
    public void EncryptFar() => _mayEncryptFar.TrySetResult();

    /// <summary>Passes on the server's end, in modes where it says nothing about a file.</summary>
    public void EndNear() => End(_near.Duplex);

    /// <summary>Tells the server that the client sends nothing more.</summary>
    public void EndFar()
    {
        _hasEndedFar = true;
        End(_far.Duplex);
    }

    /// <summary>Starts a timer, which is gone with the path.</summary>
    public void Arm(TimerKind timer, TimeSpan after) =>
        _timers.Add(_context.Time.CreateTimer(_ => _context.Post(new PathEvent.TimerElapsed(_id, timer, Downloaded, _down.WaitsForSink)), null, after, Timeout.InfiniteTimeSpan));

    /// <summary>Ends both sides. The first call counts.</summary>
    public void Settle(Ending how)
    {
        if (Interlocked.Exchange(ref _isSettled, 1) != 0)
            return;
        // Whoever is still opening gives up: a side that isn't there now is not wanted any more.
        _life.Cancel();
        _near.Close();
        _far.Close();
        if (how == Ending.Cut)
        {
            _isCut = true;
            Cut();
        }
        _settled.SetResult(how);
    }

    /// <summary>Resets both sides, whatever was settled; but of an upload that ended in order, what is on its way to the server still goes there: it would take the rest for all.</summary>
    public void Cut()
    {
        Settle(Ending.Cut);
        _near.Duplex?.Abort();
        if (_isCut)
            _far.Duplex?.Abort();
        else
            _far.Duplex?.AbortInOrder();
    }

    /// <summary>The session ends: nobody waits for peers that don't close, and a client that still reads gets a limited time.</summary>
    public void Hurry()
    {
        _hurry.Cancel();
        _drainTimer ??= _context.Time.CreateTimer(_ => Cut(), null, DrainLimit, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Settle(Ending.Cut);
        await _told.ConfigureAwait(false);
        await Task.WhenAll(_openings).ConfigureAwait(false);
        await Task.WhenAll(_ends).ConfigureAwait(false);
        foreach (var timer in _timers)
            await timer.DisposeAsync().ConfigureAwait(false);
        if (_drainTimer is not null)
            await _drainTimer.DisposeAsync().ConfigureAwait(false);
    }

    private async Task TellAsync()
    {
        try
        {
            await Completion.ConfigureAwait(false);
        }
        finally
        {
            _context.Completed();
        }
    }

    // Not waited for: an end that is said in TLS may first have to wait for the peer.
    private void End(Duplex? side)
    {
        if (side is { } duplex)
            _ends.Enqueue(duplex.EndAsync(CancellationToken.None).AsTask());
    }

    private async Task RunAsync()
    {
        var near = await _near.Ready.ConfigureAwait(false);
        var far = await _far.Ready.ConfigureAwait(false);
        if (near is not null && far is not null)
        {
            var up = CopyUpAsync(near, far);
            var down = CopyDownAsync(near, far);
            if (await EndedInOrderAsync(near, far, up, down).ConfigureAwait(false))
            {
                await near.DisposeAsync().ConfigureAwait(false);
                await far.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                near.Abort();
                far.Abort();
            }
            await up.ConfigureAwait(false);
            await down.ConfigureAwait(false);
            await _clientEnding.ConfigureAwait(false);
        }
        else
        {
            await _settled.Task.ConfigureAwait(false);
            near?.Abort();
            far?.Abort();
        }
        if (near is not null)
            await near.DisposeAsync().ConfigureAwait(false);
        if (far is not null)
            await far.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<bool> EndedInOrderAsync(Duplex near, Duplex far, Task<ReadEnd> up, Task<ReadEnd> down)
    {
        var how = await _settled.Task.ConfigureAwait(false);
        if (how == Ending.Cut || (how == Ending.WhenDrained && await down.ConfigureAwait(false) != ReadEnd.Ended))
            return false;
        // In TLS an end may have to wait for a client that begins its handshake late.
        End(near);
        // The server has said its last word: that nothing comes the other way is news that can wait.
        _ends.Enqueue(far.EndAtLeisureAsync(CancellationToken.None).AsTask());
        _clientEnding = ClientEndAsync(near, up);
        try
        {
            await Task.WhenAll(_ends).WaitAsync(DrainLimit, _context.Time).ConfigureAwait(false);
            await Task.WhenAll(_clientEnding, down).WaitAsync(DrainLimit, _context.Time, _hurry.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // A peer that doesn't close its own half is closed upon; one to which no end could be said sees a reset.
        }
        if (_clientEnding.IsCompleted)
            ClientEnd = await _clientEnding.ConfigureAwait(false);
        return true;
    }

    /// <summary>How the client's side ends. A copy that stopped because the server takes nothing more has not looked for that.</summary>
    private static async Task<ReadEnd> ClientEndAsync(Duplex near, Task<ReadEnd> up) =>
        await up.ConfigureAwait(false) is var end and not ReadEnd.None ? end : await ReadToEndAsync(near).ConfigureAwait(false);

    private static async Task<ReadEnd> ReadToEndAsync(Duplex near)
    {
        while (true)
        {
            var read = await near.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            if (read.End != ReadEnd.None)
                return read.End;
            near.Release(read.Bytes.Length);
        }
    }

    private async Task<ReadEnd> CopyUpAsync(Duplex near, Duplex far)
    {
        var source = (await Relay.CopyAsync(near, far, _up, CancellationToken.None).ConfigureAwait(false)).Source;
        // The server takes nothing more because it has heard our end: only how the client ends is left to say.
        if (source == ReadEnd.None && _hasEndedFar)
            source = await ReadToEndAsync(near).ConfigureAwait(false);
        switch (source)
        {
            case ReadEnd.Ended:
                // Said first, done second: the server's answer to this end can't be looked at before it is known here.
                _context.Post(new PathEvent.NearEnded(_id));
                await far.EndAsync(CancellationToken.None).ConfigureAwait(false);
                break;
            case ReadEnd.None:
                _context.Post(new PathEvent.FarBroken(_id));
                break;
            default:
                _context.Post(new PathEvent.NearBroken(_id));
                break;
        }
        return source;
    }

    private async Task<ReadEnd> CopyDownAsync(Duplex near, Duplex far)
    {
        var outcome = await Relay.CopyAsync(far, near, _down, CancellationToken.None).ConfigureAwait(false);
        _context.Post(outcome.Source switch
        {
            ReadEnd.Ended => new PathEvent.FarEnded(_id),
            ReadEnd.None => new PathEvent.NearBroken(_id),
            _ => new PathEvent.FarBroken(_id),
        });
        return outcome.Source;
    }

    private async Task DialAsync(Dial dial, DataSide side, PathEvent open, Func<Failure, PathEvent> failed)
    {
        DialOutcome outcome;
        using (_life.Token.Register(dial.Abort)) // only while it is under way: aborting later would reset what it made
            outcome = await dial.Outcome.ConfigureAwait(false);
        var (duplex, failure) = outcome;
        if (duplex is null)
            Fail(side, failure!, failed);
        else
            await OpenAsync(side, duplex, open).ConfigureAwait(false);
    }

    private async Task ListenAsync(INetwork network, Endpoint at, ListenOptions options, DataSide side,
        Func<Endpoint, PathEvent> listening, PathEvent open, Func<Failure, PathEvent> failed, Func<Peer, bool> admits)
    {
        try
        {
            using var limit = new CancellationTokenSource(_context.Options.DataListenTimeout, _context.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_life.Token, limit.Token);
            var listener = await network.ListenAsync(at, options, either.Token).ConfigureAwait(false);
            Duplex admitted;
            await using (listener.ConfigureAwait(false))
            {
                Log.Listening(_context.Logger, _context.Session, _id, listener.LocalEndpoint.ToString());
                _context.Post(listening(listener.LocalEndpoint));
                admitted = await AcceptAsync(listener, admits, either.Token).ConfigureAwait(false);
            }
            await OpenAsync(side, admitted, open).ConfigureAwait(false);
        }
        catch (NetworkException e)
        {
            Fail(side, e.Failure, failed);
        }
        catch (OperationCanceledException)
        {
            Fail(side, new(FailureKind.Timeout, $"no connection came within {_context.Options.DataListenTimeout.TotalSeconds:0} seconds"), failed);
        }
    }

    // Strangers are reset and the listener stays: closing it would let anyone who is quick break a transfer.
    private static async Task<Duplex> AcceptAsync(IListener listener, Func<Peer, bool> admits, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (duplex, peer) = await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
            if (admits(peer))
                return duplex;
            duplex.Abort();
            await duplex.DisposeAsync().ConfigureAwait(false);
        }
    }

    private bool AdmitClient(Peer peer) => Admits(peer, FtpPolicy.RefuseData(peer, _context.Client));

    private bool AdmitServer(Peer peer, IPAddress at)
    {
        Log.Originator(_context.Logger, _context.Session, _id, Shown(peer));
        return Admits(peer, FtpPolicy.RefuseServer(peer, at));
    }

    private bool Admits(Peer peer, string? refusal)
    {
        if (refusal is not null)
            Log.Stranger(_context.Logger, _context.Session, _id, Shown(peer), refusal);
        return refusal is null;
    }

    private static string Shown(Peer peer) => peer.Knowledge == AddressKnowledge.Unknown ? "somewhere" : peer.Address.ToString();

    private async Task OpenAsync(DataSide side, Duplex duplex, PathEvent open)
    {
        if (side == _far && side.Encrypt is not null)
            await Task.WhenAny(_mayEncryptFar.Task, _settled.Task).ConfigureAwait(false);
        if (!IsSettled)
        {
            var tls = side.Encrypt?.Invoke(duplex);
            duplex = tls ?? duplex;
            if (side.TryOpen(duplex))
            {
                // Before anything that comes of it.
                _context.Post(open);
                side.Announce();
                if (tls is not null && await tls.Handshake.ConfigureAwait(false) is { } why && !IsSettled)
                    Log.DataFailed(_context.Logger, _context.Session, _id, side == _near ? "TLS with the client" : "TLS with the server", why);
                return;
            }
        }
        duplex.Abort();
        await duplex.DisposeAsync().ConfigureAwait(false);
    }

    private void Fail(DataSide side, Failure failure, Func<Failure, PathEvent> failed)
    {
        if (IsSettled)
            return;
        Log.DataFailed(_context.Logger, _context.Session, _id, side == _near ? "the client's side" : "the server's side", failure.Text);
        _context.Post(failed(failure));
    }
}
