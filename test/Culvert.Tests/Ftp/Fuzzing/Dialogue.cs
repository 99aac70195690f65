using System.Net;
using System.Text;
using Culvert.Ftp;
using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Wire;
using Culvert.Net;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>One random dialogue: a client, a relay's conversation with both its line readers, a server, data connections and timers. Everything that
/// could happen next may happen; after the random part the world is kind, and all must come to its end.</summary>
internal sealed class Dialogue
{
    private const int ControlPort = 2121;

    /// <summary>So many events of a kind world are enough for whatever the random part left behind.</summary>
    private const int KindSteps = 3000;

    private readonly Choices _choices;
    private readonly StringBuilder? _transcript;
    private readonly FtpConversation _conversation;
    private readonly LineReader _commands = new(Speaker.Client);
    private readonly LineReader _replies = new(Speaker.Server);
    private readonly ByteQueue _clientBytes = new();
    private readonly Queue<Said> _onTheWay = [];
    private readonly SimulatedServer _server;
    private readonly DialogueRules _rules;
    private int _said;
    private bool _clientLeft;
    private bool _serverGone;
    private bool _stopping;

    private Dialogue(uint[] steps, StringBuilder? transcript)
    {
        _choices = new(steps);
        _choices.NextStep();
        _transcript = transcript;
        _server = new(_choices);
        var options = new FtpRelayOptions
        {
            Active = (ActiveMode)_choices.Next(3),
            DataAddress = _choices.OneIn(6) ? DataAddress.Reply : DataAddress.Destination,
            DataHosts = [IPNetwork.Parse("10.9.8.0/24")],
            HostName = _choices.OneIn(4) ? "ftp.example" : null,
            Ftps = _choices.OneIn(3) ? (Ftps)_choices.Next(5) : Ftps.Refuse,
        };
        options = options with { ImplicitTls = (options.Terminates || options.Originates) && _choices.OneIn(3) };
        var address = _choices.OneIn(5) ? "::1" : "127.0.0.1";
        var peer = new Peer(new(address, 49000), AddressKnowledge.Observed, new UserId("1000"), new(address, 1234));
        _conversation = new(options, peer, IPAddress.Parse(address), new("ftp.example", ControlPort));
        _rules = new(_conversation, _server, options, ControlPort);
    }

    /// <summary>Holds this dialogue.</summary>
    /// <exception cref="RuleBrokenException">A rule was broken; the message tells the whole dialogue.</exception>
    public static void Hold(uint[] steps)
    {
        try
        {
            new Dialogue(steps, transcript: null).Hold();
        }
        catch (Exception)
        {
            var transcript = new StringBuilder();
            try
            {
                new Dialogue(steps, transcript).Hold();
            }
            catch (Exception again)
            {
                throw new RuleBrokenException($"{again.GetType().Name}: {again.Message}", transcript.ToString());
            }
            throw;
        }
    }

    private void Hold()
    {
        _conversation.ServerReached();
        Tell("(server reached)");
        do
            Happen();
        while (_choices.NextStep() && !_conversation.IsClosed);
        for (var i = 0; i < KindSteps && !_conversation.IsClosed && BeKind(); i++) { }
        if (!_conversation.IsClosed)
        {
            _rules.CheckAllAnswered(_onTheWay.Count);
            _conversation.ServerGone(lost: _choices.OneIn(2));
            Tell("(server gone)");
        }
        _rules.CheckEnd();
        _conversation.OnCommand(FtpLine.Of("NOOP"));
        _conversation.OnReply(FtpLine.Of("200 late"));
        _conversation.ClientGone();
        Tell("(after the end)");
    }

    /// <summary>One thing that can happen at any time.</summary>
    private void Happen()
    {
        switch (_choices.Next(16))
        {
            case <= 3: ClientSpeaks(); break;
            case <= 5: _ = ReadFromClient(); break;
            case <= 7: _server.Act(); _ = ReadFromServer(); break;
            case <= 9: _ = ReadFromServer(); break;
            case <= 12: _ = PathSpeaks(); break;
            case 13: _ = TimerElapses(rarely: true); break;
            case 14 when _choices.OneIn(4): BeStrange(); break;
            default: _ = ReadFromClient() | ReadFromServer(); break;
        }
    }

    private void BeStrange()
    {
        switch (_choices.Next(12))
        {
            case 0 or 1 or 2: _server.SayHostile(); break;
            case 3: ClientLeaves(); break;
            case 4: ServerLeaves(); break;
            case 5 or 6:
                _stopping = true;
                _conversation.Shutdown();
                Tell("(shutdown)");
                break;
            case 7 when _rules.LivePath(_choices) is { } path:
                _rules.AnythingGoes = true;
                News(path.Wild(_choices));
                break;
            case 8 when _rules.AnyPath(_choices) is { } path:
                if (path.Next(_choices) is { } late)
                    News(late);
                break;
            default: SayBytes(ClientWords.Disguised(_choices), SaidKind.Noise); break;
        }
    }

    /// <summary>What a world does in which nobody dawdles for ever.</summary>
    /// <returns>False when there is nothing left to happen.</returns>
    private bool BeKind()
    {
        if (PathSpeaks())
            return true;
        if (_conversation.WantsCommands && ReadFromClient())
            return true;
        if (ReadFromServer())
            return true;
        if (_server.OwesReply && !_conversation.HoldsReplies)
        {
            _server.Act();
            return true;
        }
        if (_server.HasLeft && !_serverGone && !_conversation.HoldsReplies)
        {
            ServerLeaves();
            return true;
        }
        return TimerElapses(rarely: false);
    }

    private void ClientSpeaks()
    {
        if (_clientLeft)
            return;
        var (line, kind) = ClientWords.Sensible(_choices, ++_said);
        SayBytes(line, kind);
    }

    private void SayBytes(byte[] line, SaidKind kind)
    {
        if (_clientLeft)
            return;
        foreach (var part in kind == SaidKind.Noise ? LinesOf(line) : [line])
            _onTheWay.Enqueue(new(kind == SaidKind.Noise ? ++_said : _said, kind, part));
        _clientBytes.Add(line);
        _clientBytes.Add(_choices.Next(10) switch { 0 => "\n"u8, 1 => "\r\r\n"u8, _ => "\r\n"u8 });
    }

    private static IEnumerable<byte[]> LinesOf(byte[] bytes)
    {
        var start = 0;
        for (var i = 0; i <= bytes.Length; i++)
        {
            if (i == bytes.Length || bytes[i] == '\n')
            {
                yield return bytes[start..i];
                start = i + 1;
            }
        }
    }

    private bool ReadFromClient()
    {
        var read = _clientBytes.Count > 0;
        _clientBytes.Fill(_commands, Piece());
        while (_conversation.WantsCommands && _commands.TryRead(out var line))
        {
            read = true;
            var said = _onTheWay.Dequeue();
            _transcript?.AppendLine($"C> #{said.Number} {Encoding.Latin1.GetString(said.Line)}");
            _rules.Outstanding.Add(said);
            _conversation.OnCommand(line);
            Tell(null);
            said.IsAnsweredHere = said.Kind == SaidKind.Abort && !said.Received;
        }
        return read;
    }

    private bool ReadFromServer()
    {
        if (_conversation.HoldsReplies)
            return false;
        var read = _server.Bytes.Count > 0;
        _server.Bytes.Fill(_replies, Piece());
        while (!_conversation.HoldsReplies && !_conversation.IsClosed && _replies.TryRead(out var line))
        {
            read = true;
            _transcript?.AppendLine($"S> {line}");
            _server.LineWasRead();
            _conversation.OnReply(line);
            Tell(null);
        }
        return read;
    }

    /// <summary>How much comes in one piece: often all, sometimes a byte.</summary>
    private int Piece() => _choices.Next(6) switch { 0 => 1, 1 => 1 + _choices.Next(8), _ => 1 << 20 };

    private bool PathSpeaks()
    {
        if (_rules.SpeakingPath(_choices) is not { } path || path.Next(_choices) is not { } news)
            return false;
        News(news);
        return true;
    }

    private bool TimerElapses(bool rarely)
    {
        if (_rules.PathWithTimer(_choices) is { } path && path.Elapse(_choices) is { } elapsed)
            News(elapsed);
        else if (_rules.SessionTimers.Count > 0 && (!rarely || _choices.OneIn(10)))
        {
            var timer = _rules.SessionTimers[_choices.Next(_rules.SessionTimers.Count)];
            _rules.SessionTimers.Remove(timer);
            News(new PathEvent.TimerElapsed(0, timer));
        }
        else
            return false;
        return true;
    }

    private void News(PathEvent news)
    {
        _conversation.OnPath(news);
        Tell(news);
    }

    /// <summary>Nothing else happens before a side that is to be encrypted is, or can't be. What came in clear behind the line that led to it is refused.</summary>
    private void Secure(Decision decision)
    {
        switch (decision)
        {
            case Decision.EncryptClient when _commands.HasPartialLine || _choices.OneIn(10):
                _conversation.EncryptionFailed(client: true, "no handshake");
                break;
            case Decision.EncryptClient:
                _conversation.ClientEncrypted();
                break;
            case Decision.EncryptServer when _replies.HasPartialLine || _choices.OneIn(20):
                _conversation.EncryptionFailed(client: false, "no handshake");
                break;
            case Decision.EncryptServer:
                _conversation.ServerEncrypted();
                break;
            case Decision.StepAside when _choices.OneIn(3):
                _conversation.CannotStepAside("a port is taken");
                break;
            case Decision.StepAside:
                _conversation.SteppedAside();
                break;
        }
    }

    private void ClientLeaves()
    {
        if (_clientLeft)
            return;
        _clientLeft = true;
        _onTheWay.Clear();
        _conversation.ClientGone();
        Tell("(client gone)");
    }

    private void ServerLeaves()
    {
        _serverGone = true;
        _conversation.ServerGone(lost: _choices.OneIn(2));
        Tell("(server gone)");
    }

    private void Tell(object? what)
    {
        if (what is not null)
            _transcript?.AppendLine(what.ToString());
        while (_conversation.TryDecide(out var decision))
        {
            _transcript?.AppendLine(decision switch
            {
                Decision.ToClient(var line) => $"    C< {line}",
                Decision.ToServer(var line) => $"    S< {line}",
                _ => $"    {decision}",
            });
            _rules.Check(decision);
            Secure(decision);
        }
        _rules.CheckRest(_clientLeft, _stopping);
    }
}
