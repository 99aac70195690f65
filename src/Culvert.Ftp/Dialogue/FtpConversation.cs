using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Culvert.Ftp.Wire;
using Culvert.Net;

namespace Culvert.Ftp.Dialogue;

/// <summary>What is said between an FTP client and a server, and what follows from it. Pure: lines, news of data paths and timers go in,
/// <see cref="Decision"/>s come out; it owns no socket, no clock and no task.</summary>
/// <remarks>
/// Everything the client said and has no final reply to stands in one list, in the order in which the client will read the replies. A reply
/// is matched to the first command there that it can answer; what is answered here takes its place in the same list and
/// never overtakes. Whatever can't be understood is refused: a data connection that leaves the tunnel is the worst that can happen.
/// <list type="bullet">
/// <item>this file: the session as a whole, and the list;</item>
/// <item><c>Commands</c>: what is made of a line of the client, and when it goes out;</item>
/// <item><c>Replies</c>: what is made of a line of the server;</item>
/// <item><c>Security</c>: what becomes of AUTH and what belongs to it;</item>
/// <item><c>Setup</c>: how a data path comes to be;</item>
/// <item><c>Prefetch</c>: how one comes to be before it is asked for;</item>
/// <item><c>Transfers</c>: when a transfer may start, and what its end means for both sides.</item>
/// </list>
/// Not thread-safe: one caller, one call at a time.
/// </remarks>
internal sealed partial class FtpConversation
{
    /// <summary>Commands without a final reply. Clients that pipeline have a handful; beyond this the client isn't read until replies come.</summary>
    public const int MaxOutstanding = 64;

    /// <summary>Bad or unknown commands before the login: then it's no FTP client, but somebody else's protocol that was led here
    /// (cross-protocol attacks count on servers that skip what they don't understand).</summary>
    private const int MaxBadCommands = 3;

    /// <summary>When the client is gone, the server's verdict on an upload is awaited for so many farewell times.</summary>
    private const int MaxFarewells = 10;

    private readonly FtpRelayOptions _options;
    private readonly Peer _client;
    private readonly Endpoint _destination;
    private readonly IPAddress _nearAddress;
    private readonly Queue<Decision> _decisions = [];
    private readonly List<Exchange> _exchanges = [];
    private readonly Dictionary<int, PathState> _paths = [];
    private int _lastPath;

    private bool _greeted;
    private bool _loggedIn;
    private int _badCommands;
    private bool _stopping;
    private bool _clientGone;
    private bool _serverEnded;
    private bool _farewell;
    private int _farewells;
    private bool _closed;

    /// <summary>Begins before the server's greeting.</summary>
    /// <param name="options">How to relay.</param>
    /// <param name="client">Who the client is.</param>
    /// <param name="nearAddress">The address to which the client's data connections will come, for its family.</param>
    /// <param name="destination">The FTP server, as configured.</param>
    public FtpConversation(FtpRelayOptions options, Peer client, IPAddress nearAddress, Endpoint destination)
    {
        (_options, _client, _nearAddress, _destination) = (options, client, nearAddress, destination);
        _exchanges.Add(new(default) { IsGreeting = true, State = ExchangeState.Sent });
        if (options is { ImplicitTls: true, Terminates: true })
            EncryptClientFirst();
    }

    /// <summary>Takes the next decision.</summary>
    public bool TryDecide(out Decision decision) => _decisions.TryDequeue(out decision!);

    /// <summary>The next reply must not be looked at yet: the one before waits for something (a listener, or the data that it is about).</summary>
    public bool HoldsReplies => _announcing is not null || _held is not null;

    /// <summary>The next command may be looked at.</summary>
    public bool WantsCommands => !_closed && !_clientGone && !_awaitsTls && _exchanges.Count < MaxOutstanding;

    /// <summary>The session is over; nothing more is decided.</summary>
    public bool IsClosed => _closed;

    private bool ClientIsIPv6 => _nearAddress.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>The control connection to the server stands.</summary>
    public void ServerReached()
    {
        _serverReached = true;
        EncryptServerFirst();
    }

    /// <summary>The control connection to the server could not be had.</summary>
    public void ServerUnreachable(Failure failure)
    {
        var words = _options.Words(failure);
        CloseWith($"No connection to the FTP server: {words}{(words.EndsWith('?') ? "" : ".")}", failure.Text);
    }

    /// <summary>The client's control connection has ended or broke. What it said before still goes to the server, as in direct FTP.</summary>
    public void ClientGone()
    {
        if (_clientGone || _closed)
            return;
        _clientGone = true;
        Decide(new Decision.Arm(0, TimerKind.Farewell));
        Advance();
    }

    /// <summary>The server's control connection has ended, or is lost together with its network. No verdict will come any more.</summary>
    /// <param name="lost">Together with its network.</param>
    /// <param name="cause">Why that is gone, where it's known.</param>
    public void ServerGone(bool lost, Failure? cause = null)
    {
        if (_closed)
            return;
        if (_farewell || _clientGone)
            Close("the server closed the session");
        else if (lost)
            CloseWith($"The connection to the FTP server was lost{(cause is null ? "" : $": {cause.Text.TrimEnd('.')}")}.", "the network to the server is lost");
        else
            CloseWith("The FTP server closed the connection.", "the server closed the control connection");
    }

    /// <summary>The relay shuts down. Transfers that run get a grace time; nothing new begins.</summary>
    public void Shutdown()
    {
        if (_stopping || _closed)
            return;
        _stopping = true;
        if (HasTransfers)
            Decide(new Decision.Arm(0, TimerKind.Grace));
        else
            EndShutdown();
    }

    /// <summary>Transfers whose final reply is outstanding.</summary>
    private IEnumerable<PathState> Transferring => _exchanges.Where(e => e.Path?.Transfer == e).Select(e => e.Path!);

    private bool HasTransfers => Transferring.Any();

    private void EndShutdown() => CloseWith("Culvert is shutting down.", "shutdown");

    /// <summary>News of a data path, or a timer.</summary>
    public void OnPath(PathEvent news)
    {
        if (_closed)
            return;
        if (news is PathEvent.TimerElapsed { Path: 0, Timer: var timer })
        {
            OnSessionTimer(timer);
            return;
        }
        if (!_paths.TryGetValue(news.Path, out var path) || path.Settled)
            return;
        switch (news)
        {
            case PathEvent.NearListening listening: Announce(path, listening.At); break;
            case PathEvent.FarListening listening: AskActive(path, listening.At); break;
            // Two tasks tell the news of a path: an end may be told before its beginning.
            case PathEvent.NearOpen: path.Near = path.Near == PathEnd.Ended ? PathEnd.Ended : PathEnd.Open; break;
            case PathEvent.FarOpen: path.Far = path.Far == PathEnd.Ended ? PathEnd.Ended : PathEnd.Open; break;
            case PathEvent.NearFailed failed: OnNearFailed(path, failed.Failure); break;
            case PathEvent.FarFailed failed: OnFarFailed(path, failed.Failure); break;
            case PathEvent.NearEnded: path.Near = PathEnd.Ended; break;
            case PathEvent.FarEnded: OnFarEnded(path); break;
            case PathEvent.NearBroken: OnBroken(path, "the client reset its data connection"); break;
            case PathEvent.FarBroken: OnBroken(path, "the data connection to the server broke"); break;
            case PathEvent.TimerElapsed elapsed: OnTimer(path, elapsed); break;
        }
        Advance();
    }

    private void OnTimer(PathState path, PathEvent.TimerElapsed elapsed)
    {
        switch (elapsed.Timer)
        {
            case TimerKind.UploadHold: path.HoldOver = true; break;
            case TimerKind.Verdict: OnNoVerdict(path); break;
            case TimerKind.End: OnEndDue(path); break;
            case TimerKind.Abort: OnAbortUnanswered(path); break;
            case TimerKind.Stall: OnStall(path, elapsed); break;
            case TimerKind.Prefetch: OnPrefetchExpired(path); break;
        }
    }

    private void OnSessionTimer(TimerKind timer)
    {
        if (timer == TimerKind.Grace)
            EndShutdown();
        else if (timer == TimerKind.PartialLine)
            CloseWith($"A command was not ended within {Seconds(_options.LineTimeout)} seconds.", "half a command");
        else if (timer == TimerKind.PartialReply)
            CloseWith($"The FTP server didn't end a line within {Seconds(_options.ReplyLineTimeout)} seconds.", "half a reply");
        else if (timer == TimerKind.Login)
            OnLoginTimeout();
        else if (timer == TimerKind.Idle)
            OnIdle();
        else if (BytesMayFlow || (HasTransfers && _farewells++ < MaxFarewells))
            Decide(new Decision.Arm(0, TimerKind.Farewell)); // an upload may outlive the client's control connection, as in direct FTP
        else
            Close("the client is gone");
    }

    private void OnLoginTimeout()
    {
        if (!_greeted)
            CloseWith($"The FTP server did not greet within {Seconds(_options.LoginTimeout)} seconds.", "no greeting");
        else if (!_loggedIn)
            CloseWith($"No login within {Seconds(_options.LoginTimeout)} seconds.", "no login");
    }

    private void OnIdle()
    {
        if (_exchanges.Count > 0)
            Decide(new Decision.Arm(0, TimerKind.Idle)); // it's waiting for the server
        else
            CloseWith($"Idle for {Seconds(_options.IdleTimeout)} seconds.", "the client was idle");
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    private bool BytesMayFlow => _paths.Values.Any(path => path is { Transfer: not null, Near: PathEnd.Open, Far: PathEnd.Open });

    private void Decide(Decision decision) => _decisions.Enqueue(decision);

    private void ToClient(FtpLine line) => Decide(new Decision.ToClient(line));

    private void ToClient(IEnumerable<FtpLine> lines)
    {
        foreach (var line in lines)
            ToClient(line);
    }

    private void Notice(string what, string why) => Decide(new Decision.Notice(what, why));

    /// <summary>421 is legal at any time (RFC 959 §5.4).</summary>
    private void CloseWith(string reply, string why) => Close(why, FtpReply.Of(421, reply));

    /// <summary>The server broke the rules in a way that could make a client connect somewhere else.</summary>
    private void Violation(string why)
    {
        Notice("reply", why);
        CloseWith($"The FTP server broke the protocol: {why}.", why);
    }

    /// <summary>Ends the session. What has no verdict is cut before the client can read that it's over.</summary>
    private void Close(string why, params IReadOnlyList<FtpLine> last)
    {
        if (_closed)
            return;
        foreach (var path in _paths.Values.Union(Transferring).ToArray())
            Abandon(path, why);
        if (!_clientGone)
            ToClient(last);
        _closed = true;
        (_announcing, _held) = (null, null);
        _exchanges.Clear();
        Decide(new Decision.Close(why));
    }

    private PathState NewPath(DataMode asked, IPEndPoint? clientAddress)
    {
        var path = new PathState(++_lastPath, asked) { ClientAddress = clientAddress };
        _paths.Add(path.Id, path);
        return path;
    }

    private void Settle(PathState path, Ending how)
    {
        if (path.Settled)
            return;
        path.Settled = true;
        _paths.Remove(path.Id);
        if (path.Near != PathEnd.None || path.Far != PathEnd.None)
            Decide(new Decision.Settle(path.Id, how));
    }

    /// <summary>Removes an exchange whose final reply has gone to the client, and with it those before it whose reply will not come any more.</summary>
    private void Pop(Exchange exchange)
    {
        var drops = !exchange.IsPreemptive || exchange is { Own: true, Kind: VerbKind.Noop } || exchange.Kind == VerbKind.Abor;
        for (var i = 0; drops && _exchanges[i] != exchange;)
        {
            var earlier = _exchanges[i];
            if (earlier is { State: ExchangeState.Sent, IsDroppable: true })
            {
                _exchanges.RemoveAt(i);
                Drop(earlier);
            }
            else
                i++;
        }
        _exchanges.Remove(exchange);
        if (_stopping && !_closed && !HasTransfers)
            EndShutdown();
        else
            Advance();
    }
}
