using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Tls;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Ftp;

/// <summary>One client and its server. The shell around <see cref="FtpConversation"/>: brings it lines and news one at a time, and does what it decides.</summary>
internal sealed partial class FtpSession
{
    /// <summary>Last words get so long to be read.</summary>
    private static readonly TimeSpan LastWordsLimit = TimeSpan.FromSeconds(5);

    /// <summary>Commands after which a session goes on elsewhere: others share the network's loop, and a client may send thousands at once that are answered here. Replies are
    /// only passed on, and so fast that it's better for memory to do that where they came in.</summary>
    private const int MostInARow = 100;

    private readonly FtpRelay _relay;
    private readonly long _id;
    private readonly Accepted _client;
    private readonly INetwork _near;
    private readonly INetwork _far;
    private readonly Endpoint _destination;
    private readonly IPAddress _nearAddress;
    private readonly FtpConversation _conversation;
    private readonly ConcurrentQueue<PathEvent> _news = new();
    private readonly Signal _happened = new();
    private readonly Dictionary<int, DataPath> _paths = [];
    private readonly SessionTransfers _transfers;
    private readonly SessionTimers _timers;
    private readonly TlsClientSession? _serverTls;
    private int _commandsInARow;

    public FtpSession(FtpRelay relay, long id, Accepted client, INetwork near, INetwork far, Endpoint destination)
    {
        (_relay, _id, _client, _near, _far, _destination) = (relay, id, client, near, far, destination);
        _nearAddress = NearAddress(client.Peer, relay.Options);
        _conversation = new(relay.Options, client.Peer, _nearAddress, destination);
        _timers = new(relay.Options, relay.Time, Post);
        _transfers = new(relay, new(id, client.Peer, destination, relay.Options.Profile), after => _timers.Arm(TimerKind.LifeSign, after));
        _serverTls = relay.Options.Originates ? relay.Options.ServerTls!.Begin() : null;
    }

    private FtpRelayOptions Options => _relay.Options;

    public async Task RunAsync(CancellationToken stop)
    {
        Log.SessionStarted(_relay.Logger, _id, _client.Peer.Knowledge == AddressKnowledge.Unknown ? "(unknown)" : _client.Peer.Address.ToString(), _destination.ToString());
        // A session that is stopped may still be held up by a peer that reads nothing: then it ends without its last words.
        var end = new CancellationTokenSource(); // holds nothing that must be disposed, and its timer may fire until the last moment
        var endTimer = _relay.Time.CreateTimer(_ => end.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using var endSoon = stop.Register(() => endTimer.Change(Options.ShutdownGrace + LastWordsLimit, Timeout.InfiniteTimeSpan));
        var client = new ControlConnection(_client.Duplex, Speaker.Client, Options.ControlWriteTimeout, _relay.Time, Stir);
        try
        {
            var dial = _far.Connect(_destination, new()
            {
                Timeout = Options.ConnectTimeout,
                Originator = _client.Peer.Knowledge == AddressKnowledge.Unknown ? null : _client.Peer.Address,
                QuickAcknowledge = true,
            });
            DialOutcome outcome;
            using (stop.Register(dial.Abort)) // only while it is under way: aborting later would reset what it made
                outcome = await dial.Outcome.ConfigureAwait(false);
            if (outcome.Duplex is { } duplex)
            {
                await using var server = new ControlConnection(duplex, Speaker.Server, Options.ControlWriteTimeout, _relay.Time, Stir);
                await ConverseAsync(client, server, outcome.Reached ?? _destination, stop, end.Token).ConfigureAwait(false);
            }
            else
            {
                Log.ServerUnreachable(_relay.Logger, _id, _destination.ToString(), outcome.Failure!.Text);
                _conversation.ServerUnreachable(outcome.Failure);
                await DoDecisionsAsync(client, server: null, context: null, end.Token).ConfigureAwait(false);
            }
            await SayFarewellAsync(client, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            _client.Duplex.Abort();
        }
        finally
        {
            await ReleaseAsync(client, stop.IsCancellationRequested).ConfigureAwait(false);
            await endTimer.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ConverseAsync(ControlConnection client, ControlConnection server, Endpoint reached, CancellationToken stop, CancellationToken end)
    {
        await using var near = new ReadyListeners(_near);
        await using var far = new ReadyListeners(_far);
        var context = new DataPathContext(near, far, new(_nearAddress.ToString(), 0), reached, _client.Peer, Options, _relay.Time, _relay.Logger, _id,
            Post, Stir)
        {
            EncryptNear = Options.ClientTls is { } clientTls ? duplex => clientTls.Wrap(duplex, data: true) : null,
            EncryptFar = _serverTls is { } serverTls ? serverTls.WrapData : null,
        };
        using var onStop = stop.Register(Stir);
        _timers.Arm(TimerKind.Login);
        _conversation.ServerReached();
        while (true)
        {
            await DoDecisionsAsync(client, server, context, end).ConfigureAwait(false);
            if (_conversation.IsClosed)
                break;
            if (stop.IsCancellationRequested)
                _conversation.Shutdown();
            if (TakeNext(client, server))
            {
                if (_commandsInARow >= MostInARow)
                {
                    _commandsInARow = 0;
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                }
                continue;
            }
            _timers.WatchLine(TimerKind.PartialLine, _conversation.WantsCommands && client.HasPartialLine);
            _timers.WatchLine(TimerKind.PartialReply, !_conversation.HoldsReplies && server.HasPartialLine);
            await DoDecisionsAsync(client, server, context, end).ConfigureAwait(false);
            if (_conversation.IsClosed)
                break;
            if (!_conversation.HoldsReplies)
                await server.BeginReadAsync(end).ConfigureAwait(false);
            if (_conversation.WantsCommands)
                await client.BeginReadAsync(end).ConfigureAwait(false);
            await _happened.WaitAsync(end).ConfigureAwait(false);
        }
        await server.EndAsync(end).ConfigureAwait(false);
    }

    private void Post(PathEvent news)
    {
        _news.Enqueue(news);
        Stir();
    }

    /// <summary>Something has happened: the session looks what.</summary>
    private void Stir() => _happened.Set();

    /// <summary>Brings the conversation one thing that has happened. News of the data first: what a data connection saw before
    /// the server's reply must be known when the reply is judged. A server that talks without end doesn't drown the client: more is read from it only when
    /// both have nothing left.</summary>
    private bool TakeNext(ControlConnection client, ControlConnection server)
    {
        // Looked at before the news: what it says later is behind news that comes now.
        var serverIsHeard = !server.IsReading;
        if (_news.TryDequeue(out var news))
        {
            OnNews(news);
            return true;
        }
        return (serverIsHeard && TakeFromServer(server)) || TakeFromClient(client);
    }

    private void OnNews(PathEvent news)
    {
        if (news is PathEvent.TimerElapsed { Timer: TimerKind.LifeSign })
            _transfers.ClientStays();
        else
            _conversation.OnPath(news);
    }

    private bool TakeFromServer(ControlConnection server)
    {
        if (_conversation.HoldsReplies)
            return false;
        if (server.TryRead(out var reply))
        {
            _timers.WatchLine(TimerKind.PartialReply, begun: false);
            if (_relay.Logger.IsEnabled(LogLevel.Trace))
                Log.Reply(_relay.Logger, _id, reply.ToString());
            _conversation.OnReply(reply);
            return true;
        }
        if (server.End == ReadEnd.None)
            return false;
        _conversation.ServerGone(lost: server.End == ReadEnd.Lost, server.Loss);
        return true;
    }

    private bool TakeFromClient(ControlConnection client)
    {
        if (!_conversation.WantsCommands)
            return false;
        if (client.TryRead(out var command))
        {
            _timers.WatchLine(TimerKind.PartialLine, begun: false);
            if (_relay.Logger.IsEnabled(LogLevel.Trace))
                Log.Command(_relay.Logger, _id, FtpCommand.Parse(command).ToString());
            _transfers.ClientSpoke();
            _commandsInARow++;
            _conversation.OnCommand(command);
            return true;
        }
        if (client.End == ReadEnd.None)
            return false;
        _conversation.ClientGone();
        return true;
    }

    /// <summary>Does what was decided. Lines collect until something else is to be done, or nothing is left: what was said before is
    /// on its way before that is done.</summary>
    private async Task DoDecisionsAsync(ControlConnection client, ControlConnection? server, DataPathContext? context, CancellationToken end)
    {
        // Looked at before anything is said, which may make it close.
        var clientHasEnded = client.End != ReadEnd.None;
        while (_conversation.TryDecide(out var decision))
        {
            switch (decision)
            {
                case Decision.ToClient say:
                    client.Say(say.Line);
                    continue;
                case Decision.ToServer say:
                    server!.Say(say.Line);
                    continue;
            }
            await FlushAsync(client, server, end).ConfigureAwait(false);
            switch (decision)
            {
                case Decision.DialFar dial:
                    var to = dial.Host is { } host ? new(host.ToString(), dial.Port) : context!.Server.WithPort(dial.Port);
                    _relay.Observer?.ChannelOpening(to);
                    Path(dial.Path, context!).DialFar(to);
                    break;
                case Decision.DialNear dial:
                    Path(dial.Path, context!).DialNear(dial.Client, dial.Encrypted);
                    break;
                case Decision.ListenNear listen:
                    Path(listen.Path, context!).ListenNear(listen.Encrypted);
                    break;
                case Decision.ListenFar listen:
                    Path(listen.Path, context!).ListenFar(listen.Address);
                    break;
                case Decision.EncryptFar encrypt:
                    Path(encrypt.Path, context!).EncryptFar();
                    break;
                case Decision.EndNear ended:
                    Path(ended.Path, context!).EndNear();
                    break;
                case Decision.EndFar ended:
                    Path(ended.Path, context!).EndFar();
                    break;
                case Decision.Settle settle:
                    if (_paths.TryGetValue(settle.Path, out var path))
                        path.Settle(settle.How);
                    break;
                case Decision.Arm { Path: 0 } arm:
                    _timers.Arm(arm.Timer);
                    break;
                case Decision.Arm arm:
                    Path(arm.Path, context!).Arm(arm.Timer, _timers.Duration(arm.Timer));
                    break;
                case Decision.EncryptClient:
                    await EncryptClientAsync(client, end).ConfigureAwait(false);
                    break;
                case Decision.EncryptServer:
                    await EncryptServerAsync(server!, end).ConfigureAwait(false);
                    break;
                case Decision.StepAside aside:
                    await StepAsideAsync(aside, client, server!, end).ConfigureAwait(false);
                    break;
                case Decision.EndServer:
                    await server!.EndAsync(end).ConfigureAwait(false);
                    break;
                case Decision.Finished finished:
                    _transfers.Finish(finished, takesTime: _paths.ContainsKey(finished.Path), isUnheard: clientHasEnded);
                    break;
                default:
                    Report(decision);
                    break;
            }
        }
        await FlushAsync(client, server, end).ConfigureAwait(false);
        await ForgetEndedPathsAsync().ConfigureAwait(false);
    }

    private void Report(Decision decision)
    {
        switch (decision)
        {
            case Decision.Began began:
                _transfers.Begin(began, _paths.GetValueOrDefault(began.Path));
                break;
            case Decision.Corrected corrected:
                _transfers.Correct(corrected);
                break;
            case Decision.Expect expect:
                _transfers.Expect(expect);
                break;
            case Decision.Rewrote rewrote:
                Log.Rewrote(_relay.Logger, _id, rewrote.From, rewrote.To);
                _relay.Observer?.AddressRewritten(rewrote.From, rewrote.To);
                break;
            case Decision.Notice notice:
                Log.Notice(_relay.Logger, _id, notice.What, notice.Why);
                break;
            case Decision.Close close:
                Log.SessionEnded(_relay.Logger, _id, close.Why);
                break;
        }
    }

    private DataPath Path(int id, DataPathContext context)
    {
        if (!_paths.TryGetValue(id, out var path))
            _paths.Add(id, path = new(id, context));
        return path;
    }

    private async Task ForgetEndedPathsAsync()
    {
        foreach (var (id, path) in _paths.Where(entry => entry.Value.Completion.IsCompleted).ToArray())
        {
            _paths.Remove(id);
            await path.DisposeAsync().ConfigureAwait(false);
            _transfers.EndTaken(id, path.ClientEnd);
        }
    }

    private static async ValueTask FlushAsync(ControlConnection client, ControlConnection? server, CancellationToken end)
    {
        if (server is not null)
            await server.FlushAsync(end).ConfigureAwait(false);
        await client.FlushAsync(end).ConfigureAwait(false);
    }

    private async Task SayFarewellAsync(ControlConnection client, CancellationToken end)
    {
        await client.EndAsync(end).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(LastWordsLimit, _relay.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, end);
        try
        {
            await client.DrainAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client keeps its side open: it is closed upon.
        }
    }

    private async Task ReleaseAsync(ControlConnection client, bool stopping)
    {
        // Cut off in the middle of what was to be done: then nothing was decided about them.
        _transfers.CutOff();
        await client.DisposeAsync().ConfigureAwait(false);
        await AwaitTakersAsync().ConfigureAwait(false);
        foreach (var path in _paths.Values)
        {
            if (stopping)
                path.Cut();
            else
                path.Hurry();
        }
        foreach (var (id, path) in _paths)
        {
            await path.DisposeAsync().ConfigureAwait(false);
            _transfers.EndTaken(id, path.ClientEnd);
        }
        _transfers.ClientLeft(client.HasTakenAll);
        _serverTls?.Dispose();
        await _timers.StopAsync().ConfigureAwait(false);
    }

    /// <summary>A client whose last file is on its way gets a moment to take it.</summary>
    private async Task AwaitTakersAsync()
    {
        try
        {
            await Task.WhenAll(_transfers.Taking.Select(path => _paths[path].Completion)).WaitAsync(LastWordsLimit, _relay.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It keeps its side open: it is closed upon.
        }
    }

    /// <summary>Where the client's data connections come in: where its control connection did. Where that isn't known, the advertised address,
    /// or loopback in the client's family.</summary>
    private static IPAddress NearAddress(Peer client, FtpRelayOptions options)
    {
        if (client.Local is { } local && local.TryGetAddress(out var dialled))
            return dialled;
        if (options.Advertise is { } advertised)
            return advertised;
        return client.Knowledge != AddressKnowledge.Unknown && client.Address.TryGetAddress(out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
            ? IPAddress.IPv6Loopback
            : IPAddress.Loopback;
    }
}
