using System.Globalization;
using System.Text;
using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Wire;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>What must hold of whatever a conversation decides, said without knowledge of how it decides.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>No line that leaves holds an address that isn't ours, where anybody could take it for one; every line leaves whole.</item>
/// <item>All clients see the same replies, and each is the answer to its command (<see cref="Outstanding"/>).</item>
/// <item>Nothing overtakes an upload; no REST reaches another transfer than its own (<see cref="SimulatedServer"/>, here).</item>
/// <item>No transfer is called complete whose data didn't end in order; each transfer and each path ends once.</item>
/// <item>Whoever waits, waits for a peer that owes something, or for a timer that runs.</item>
/// <item>What is kept stays bounded, and nothing is decided after the end.</item>
/// </list>
/// </remarks>
internal sealed class DialogueRules(FtpConversation conversation, SimulatedServer server, FtpRelayOptions options, int controlPort)
{
    /// <summary>Commands that the relay may have under way for one of the client's: its own NOOP, ABOR or REST, and another way to ask.</summary>
    private const int OwnCommands = 4;

    private readonly Dictionary<int, SimulatedPath> _paths = [];
    private readonly List<SimulatedPath> _live = []; // those with sockets
    private readonly ClientEyes _client = new();
    private Said? _restart;
    private bool _refusedBusy;
    private bool _mustClose;
    private bool _closed;

    public Outstanding Outstanding { get; } = new(options.Ftps);
    public List<TimerKind> SessionTimers { get; } = [];

    /// <summary>News came that no socket could bring: what they say about a transfer's end is not to be believed.</summary>
    public bool AnythingGoes { get; set; }

    private bool ServerKeepsRules => !server.IsHostile && !AnythingGoes;

    public SimulatedPath? AnyPath(Choices choices) => _paths.Count == 0 ? null : _paths.GetValueOrDefault(_paths.Count - choices.Next(Math.Min(3, _paths.Count)));

    public SimulatedPath? LivePath(Choices choices) => OneOf(choices, _ => true);

    public SimulatedPath? SpeakingPath(Choices choices) => OneOf(choices, path => path.MaySpeak);

    public SimulatedPath? PathWithTimer(Choices choices) => OneOf(choices, path => path.Timers.Count > 0);

    public void Check(Decision decision)
    {
        RuleBrokenException.Unless(!_closed, $"{decision} after the end");
        RuleBrokenException.Unless(!_mustClose || decision is Decision.Close, "a reply in the middle of another one");
        if (decision is not Decision.Close)
            TakeRefusal();
        switch (decision)
        {
            case Decision.ToClient(var line): CheckToClient(line.Bytes.Span); break;
            case Decision.ToServer(var line): CheckToServer(line.Bytes.Span); break;
            case Decision.DialFar dial: CheckDial(dial); Open(dial.Path, dial); break;
            case Decision.ListenNear(var path): Open(path, decision); break;
            case Decision.DialNear(var path, _): Open(path, decision); break;
            case Decision.ListenFar(var path, _): Open(path, decision); break;
            case Decision.Settle(var path, _):
                PathOf(path).Do(decision);
                _live.Remove(PathOf(path));
                break;
            case Decision.Arm(0, var timer): SessionTimers.Add(timer); break;
            case Decision.Arm(var path, _): PathOf(path).Do(decision); break;
            case Decision.Began began: Begin(PathOf(began.Path), began); break;
            case Decision.Finished finished: CheckFinished(PathOf(finished.Path), finished); break;
            case Decision.Notice { What: "reply" } notice when ServerKeepsRules:
                RuleBrokenException.Unless(notice.Why.EndsWith("answers no command", StringComparison.Ordinal), $"a server that keeps the rules is accused: {notice.Why}");
                break;
            case Decision.EncryptClient: RuleBrokenException.Unless(options.Terminates, "nobody asked for TLS with the client"); break;
            case Decision.EncryptServer: RuleBrokenException.Unless(options.Originates, "nobody asked for TLS with the server"); break;
            case Decision.StepAside: RuleBrokenException.Unless(options.Ftps == Ftps.Opaque && (server.AgreedToTls || server.IsHostile), "the relay looks away"); break;
            case Decision.Close: _closed = true; break;
        }
    }

    /// <summary>What must hold whenever nothing is left to decide.</summary>
    public void CheckRest(bool clientLeft, bool stopping)
    {
        if (conversation.IsClosed)
            return;
        RuleBrokenException.Unless(!_mustClose, "a reply in the middle of another one");
        TakeRefusal();
        RuleBrokenException.Unless(!conversation.HoldsReplies || _live.Exists(path => path.AwaitsNearListener || path.Timers.Contains(TimerKind.Stall)) || AnythingGoes,
            "replies are held, and nothing will ever release them");
        RuleBrokenException.Unless(!clientLeft || SessionTimers.Contains(TimerKind.Farewell), "the client is gone, and no timer waits for the rest");
        RuleBrokenException.Unless(!stopping || SessionTimers.Contains(TimerKind.Grace), "the relay stops, and no timer waits for the rest");
        RuleBrokenException.Unless(Outstanding.Count <= FtpConversation.MaxOutstanding || server.IsHostile, "more commands are outstanding than may be");
        RuleBrokenException.Unless(_live.Count <= FtpConversation.MaxOutstanding + OwnCommands, "data paths pile up");
    }

    /// <summary>The world was kind for long enough.</summary>
    public void CheckAllAnswered(int unread)
    {
        if (!ServerKeepsRules)
            return;
        RuleBrokenException.Unless(unread == 0 && Outstanding.OnlyDroppable, $"commands stay without an answer for ever ({unread} unread)");
        RuleBrokenException.Unless(!conversation.HoldsReplies, "replies stay held for ever");
        RuleBrokenException.Unless(!_live.Exists(path => path.Began && !Outstanding.AbortSeen), "a transfer runs for ever");
    }

    /// <summary>The session is over.</summary>
    public void CheckEnd()
    {
        RuleBrokenException.Unless(conversation.IsClosed && _closed, "the session isn't over when the server is gone");
        RuleBrokenException.Unless(_live.Count == 0, "a path was never settled");
        foreach (var path in _paths.Values)
            RuleBrokenException.Unless(!path.Began, "a transfer never ended");
    }

    private void CheckToClient(ReadOnlySpan<byte> line)
    {
        RuleBrokenException.Unless(!line.Contains((byte)'\n') && line.Length <= LineReader.ReplyLimit + 1, "a line to the client isn't one");
        RuleBrokenException.Unless(!line.Contains((byte)'\r') || line.IndexOf("\r\0"u8) >= 0, "a carriage return in a line to the client");
        if (_client.IsInReply && line.StartsWith("421 "u8))
        {
            _mustClose = true; // the end in the middle of a reply is a failure to every client, whichever way it reads this line
            return;
        }
        var code = _client.Read(line);
        if (line.StartsWith("227"u8) || line.StartsWith("229"u8))
            CheckAnnouncement(line);
        if (!ServerKeepsRules || code == 0)
            return;
        _refusedBusy = code == 421;
        if (_refusedBusy)
            return;
        if (code == 220 && !Outstanding.Greeted)
            Outstanding.Greeted = true;
        else if (code < 200)
            Outstanding.Preliminary(line);
        else
        {
            Outstanding.Answered(code, line);
            if (code >= 400 && _restart is { } restart && Outstanding.TagIn(line, out var number) && number == restart.Number)
                _restart = null; // refused: the server keeps none
        }
    }

    // A 421 that doesn't end the session answers a command: nothing new begins while the relay stops.
    private void TakeRefusal()
    {
        if (_refusedBusy)
            Outstanding.Answered(421, []);
        _refusedBusy = false;
    }

    private void CheckAnnouncement(ReadOnlySpan<byte> line)
    {
        foreach (var path in _live)
        {
            var port = path.NearPort;
            if (path.Announced || !(line.SequenceEqual(Ascii($"227 Entering Passive Mode (127,0,0,1,{port >> 8},{port & 255}).")) || line.SequenceEqual(Ascii($"229 Entering Extended Passive Mode (|||{port}|)"))))
                continue;
            path.Announced = true;
            return;
        }
        throw new RuleBrokenException("an address that isn't ours goes to the client");
    }

    private void CheckToServer(ReadOnlySpan<byte> line)
    {
        RuleBrokenException.Unless(!line.ContainsAny((byte)'\r', (byte)'\n', (byte)0) && line.Length <= LineReader.CommandLimit, "a line to the server isn't one");
        var isTls = options.Originates && (line.SequenceEqual("AUTH TLS"u8) || line.SequenceEqual("PBSZ 0"u8) || line.SequenceEqual("PROT P"u8));
        RuleBrokenException.Unless(isTls || !options.Originates || server.IsHostile || server.Protects, "something is said to a server that isn't safe yet");
        if (!isTls && ServerEyes.DangerIn(line) is { } danger && !line.SequenceEqual("PASV"u8) && !line.SequenceEqual("EPSV"u8))
            RuleBrokenException.Unless((danger is "PORT" or "EPRT" && NamesOurListener(line)) || IsPassedAuth(line), $"{danger} reaches the server as the client said it");
        var said = isTls ? null : Outstanding.Receive(line);
        server.Receive(line, said);
        CheckRestart(line, said);
    }

    private bool IsPassedAuth(ReadOnlySpan<byte> line) => options.Ftps == Ftps.Opaque && FtpCommand.Parse(new(line.ToArray())).Name == "AUTH";

    private bool NamesOurListener(ReadOnlySpan<byte> line)
    {
        foreach (var path in _live)
        {
            if ((path.FarListens || AnythingGoes) && line.SequenceEqual(Ascii($"PORT 127,0,0,1,{path.FarPort >> 8},{path.FarPort & 255}")))
                return true;
        }
        return false;
    }

    // REST belongs to the transfer that the client said after it: when that one is refused here, the next one begins at the start of its file. A server whose
    // replies are not to its commands may have said that it refused one that it took.
    private void CheckRestart(ReadOnlySpan<byte> line, Said? said)
    {
        if (line.SequenceEqual("REST 0"u8) || ServerEyes.VerbOf(line) == "REIN")
            _restart = null;
        else if (said?.Kind == SaidKind.Restart)
            _restart = said;
        else if (said is { IsTransfer: true })
        {
            RuleBrokenException.Unless(_restart is null || !ServerKeepsRules || !Outstanding.HadTransferBetween(_restart, said), "a REST reaches another transfer than its own");
            _restart = null;
        }
    }

    private void CheckDial(Decision.DialFar dial)
    {
        RuleBrokenException.Unless(dial.Port >= 1024 && dial.Port != controlPort, $"port {dial.Port} is dialled");
        RuleBrokenException.Unless(server.IsHostile || server.HasOffered(dial.Port), $"port {dial.Port} is dialled, which the server did not name");
        RuleBrokenException.Unless(dial.Host is null || (options.DataAddress == DataAddress.Reply && options.DataHosts[0].Contains(dial.Host)), "a host is dialled that nobody listed");
    }

    private void Begin(SimulatedPath path, Decision.Began began)
    {
        RuleBrokenException.Unless(!path.Began, "two transfers at once on one path");
        path.Began = true;
        path.Transfer = Outstanding.Find(began.Verb, began.Name);
        if (path.Transfer is { } said)
            said.Path = path;
        path.IsUpload = began.Direction == TransferDirection.Upload;
    }

    private void CheckFinished(SimulatedPath path, Decision.Finished finished)
    {
        RuleBrokenException.Unless(path.Began, "a transfer ended that had not begun, or ended twice");
        path.Began = false;
        if (finished.Result != TransferResult.Complete || Outstanding.DataEndsInside)
            return;
        RuleBrokenException.Unless(path.IsUpload ? path.NearEnded : path.FarEnded, "complete before the end of the data");
        RuleBrokenException.Unless(!path.Broke, "complete, and the data connection broke");
        if (ServerKeepsRules && path.Transfer is { } said)
            RuleBrokenException.Unless(said.Aborted || finished.Reply!.AsSpan(4).StartsWith(string.Create(CultureInfo.InvariantCulture, $"#{said.Number} ")), $"#{said.Number} is called complete by another's reply: {finished.Reply}");
    }

    private void Open(int id, Decision decision)
    {
        var path = PathOf(id);
        path.Do(decision);
        if (!_live.Contains(path))
            _live.Add(path);
    }

    private SimulatedPath PathOf(int id)
    {
        if (!_paths.TryGetValue(id, out var path))
            _paths.Add(id, path = new(id));
        return path;
    }

    private SimulatedPath? OneOf(Choices choices, Predicate<SimulatedPath> which)
    {
        var start = _live.Count == 0 ? 0 : choices.Next(_live.Count);
        for (var i = 0; i < _live.Count; i++)
        {
            var path = _live[(start + i) % _live.Count];
            if (which(path))
                return path;
        }
        return null;
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
