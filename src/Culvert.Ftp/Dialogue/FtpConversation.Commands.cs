using System.Buffers.Text;
using System.Text;
using Culvert.Ftp.Wire;

namespace Culvert.Ftp.Dialogue;

// The client's side: what is made of a line, and when it goes to the server.
internal sealed partial class FtpConversation
{
    private bool _extendedOnly;
    private bool _abortSeen;
    private readonly WorkingDirectory _directory = new();
    private string? _user;
    private string _type = "A"; // RFC 959 §5.1
    private (string Name, long Bytes)? _size;
    private long? _announcedUpload;

    /// <summary>A line of the client. It may be lent: a command is kept until its final reply.</summary>
    public void OnCommand(FtpLine line)
    {
        if (_closed || _clientGone)
            return;
        if (!_greeted && _exchanges.Count > 1)
        {
            // One line may be a hasty client's; more is something that doesn't listen, such as a page in a browser.
            Notice("control connection", "commands before the server's greeting");
            Close("the client doesn't wait for the greeting");
            return;
        }
        if (_options.IdleTimeout != Timeout.InfiniteTimeSpan)
            Decide(new Decision.Arm(0, TimerKind.Idle));
        if (line.Fault != LineFault.None)
        {
            OnFault(line.Fault);
            return;
        }
        var command = FtpCommand.Parse(line.Kept());
        if (command.Kind is VerbKind.None or VerbKind.Other && IsOneTooMany())
            return;
        if (_options.RewritingOff && command.Kind is VerbKind.Pasv or VerbKind.Epsv or VerbKind.Port or VerbKind.Eprt)
        {
            Append(new(command) { Verbatim = true });
            return;
        }
        MindPrefetch(command);
        if (_stopping && !(command.Kind is VerbKind.Abor or VerbKind.Stat or VerbKind.Noop or VerbKind.Quit))
        {
            Answer(command, FtpReply.Of(421, "Culvert is shutting down."));
            return;
        }
        switch (command.Kind)
        {
            case VerbKind.Foreign:
                Notice("control connection", "the client speaks another protocol (HTTP or SSH)");
                Close("the client doesn't speak FTP");
                break;
            case VerbKind.None:
                Refuse(command, 500, "That is no command.");
                break;
            case VerbKind.Security:
                OnSecurity(command);
                break;
            case VerbKind.Protection:
                OnProtection(command);
                break;
            case VerbKind.Rein when _clientTls || _serverTls:
                Refuse(command, 502, "REIN isn't offered on a connection with TLS; connect again.");
                break;
            case VerbKind.Untranslated:
                Refuse(command, 502, $"{command.Name} can't go through this tunnel; use PASV, EPSV, PORT or EPRT.");
                break;
            case VerbKind.Other when _options.RefuseUnknownCommands:
                Refuse(command, 502, $"{command.Name} is not known here.");
                break;
            case VerbKind.Pasv:
                OnPasv(command);
                break;
            case VerbKind.Epsv:
                OnEpsv(command);
                break;
            case VerbKind.Port:
                OnActive(command, DataMode.Port, FtpAddress.ParsePort(command.Argument.Span.TrimEnd(" \t"u8), out var port), port);
                break;
            case VerbKind.Eprt:
                OnActive(command, DataMode.Eprt, FtpAddress.ParseEprt(command.Argument.Span.TrimEnd(" \t"u8), out var eprt), eprt);
                break;
            case VerbKind.Host when _options.HostName is { } name:
                var renamed = FtpLine.Of($"HOST {name}");
                Decide(new Decision.Rewrote(command.ToString(), renamed.ToString()));
                Append(new(FtpCommand.Parse(renamed)));
                break;
            case VerbKind.Abor:
                OnAbort(command);
                break;
            case VerbKind.Download or VerbKind.Upload:
                Append(new(command) { Path = _latest });
                break;
            default:
                Append(new(command));
                break;
        }
    }

    private void OnFault(LineFault fault)
    {
        if (fault == LineFault.ClientHello)
        {
            Notice("control connection", "the client began with TLS (implicit FTPS); use plain FTP, SSH encrypts it, or --ftps terminate --ftps-implicit yes");
            Close("the client doesn't speak FTP");
            return;
        }
        if (IsOneTooMany())
            return;
        Refuse(default, 500, fault switch
        {
            LineFault.TooLong => $"Command longer than {LineReader.CommandLimit} bytes.",
            LineFault.Nul => "Command with a NUL byte.",
            _ => "Command with a carriage return inside.",
        });
    }

    /// <summary>Counts what no FTP client says before its login, and ends the session when it's too much.</summary>
    private bool IsOneTooMany()
    {
        if (_loggedIn || ++_badCommands < MaxBadCommands)
            return false;
        Notice("control connection", "bad commands before the login");
        CloseWith("Too many bad commands before the login.", "the client doesn't speak FTP");
        return true;
    }

    private void Refuse(FtpCommand command, int code, string why)
    {
        Notice(command.Name ?? "command", why);
        Answer(command, FtpReply.Of(code, why));
    }

    private void Answer(FtpCommand command, FtpLine reply) =>
        Append(new(command) { State = ExchangeState.Answered, Answer = reply });

    private void Append(Exchange exchange)
    {
        var abort = _exchanges.FindLastIndex(e => e is { Kind: VerbKind.Abor, State: ExchangeState.Sent });
        if (abort >= 0 && !_exchanges.Skip(abort).Any(e => e is { Own: true, Kind: VerbKind.Noop }))
            _exchanges.Add(NewFence());
        _exchanges.Add(exchange);
        Advance();
    }

    /// <summary>How many replies the server will give to an ABOR is not known; a NOOP behind it is answered by exactly one, which tells the
    /// end of them. Without it, one reply too few would shift all that follow.</summary>
    private static Exchange NewFence() => new(FtpCommand.Parse(FtpLine.Of("NOOP"))) { Own = true };

    /// <summary>ABOR overtakes what waits; a transfer that waits for its data path is over before it began.</summary>
    private void OnAbort(FtpCommand command)
    {
        if (FirstWaiting is { IsTransfer: true } waiting)
            RefuseTransfer(waiting, new(426, "Aborted before it began."));
        if (_held is { } held)
            FinishTransfer(held, whole: false, fault: new(426, "Aborted."));
        if (_closed)
            return; // the last transfer that a shutdown waited for
        if (!_greeted || IsSecuring)
        {
            // The server has heard nothing of this client yet. An ABOR that waited for its turn would come when something else is under way.
            Answer(command, FtpReply.Of(226, "Nothing is under way."));
            return;
        }
        SendAbort(new(command));
        Advance();
    }

    private void SendAbort(Exchange abort)
    {
        var at = FirstWaiting is { } waiting ? _exchanges.IndexOf(waiting) : _exchanges.Count;
        if (at > 0 && _exchanges[at - 1] is { Kind: VerbKind.Abor, State: ExchangeState.Sent })
        {
            var fence = NewFence();
            _exchanges.Insert(at++, fence);
            Send(fence, fence.Command.Line);
        }
        _exchanges.Insert(at, abort);
        if (at + 1 < _exchanges.Count)
            _exchanges.Insert(at + 1, NewFence());
        Send(abort, FtpLine.Of("ABOR"));
    }

    private Exchange? FirstWaiting => _exchanges.Find(e => e.State is ExchangeState.Waiting or ExchangeState.Preparing);

    private void Send(Exchange exchange, FtpLine line)
    {
        exchange.State = ExchangeState.Sent;
        if (exchange is { Kind: VerbKind.Rest, Own: false })
            _restart = exchange;
        if (exchange.Kind == VerbKind.Abor)
        {
            _abortSeen = true;
            foreach (var transfer in _exchanges.Where(e => e is { IsTransfer: true, State: ExchangeState.Sent }))
                transfer.Aborted = true;
        }
        Decide(new Decision.ToServer(line));
        if (exchange is { Kind: VerbKind.Abor, Own: false })
        {
            foreach (var path in Transferring.Where(path => !path.Settled))
                Decide(new Decision.Arm(path.Id, TimerKind.Abort));
        }
    }

    /// <summary>Passes on what may go: local answers whose turn has come, and commands whose way is free. The order is kept: the first that
    /// must wait stops all behind it.</summary>
    private void Advance()
    {
        while (!_closed && AdvanceOne()) { }
        if (_clientGone && !_serverEnded && !_closed && FirstWaiting is null)
        {
            _serverEnded = true;
            Decide(new Decision.EndServer());
        }
    }

    private bool AdvanceOne()
    {
        if (!_isReplyOpen && _exchanges is [{ State: ExchangeState.Answered } answered, ..])
        {
            _exchanges.RemoveAt(0);
            ToClient(answered.Answer);
            if (answered.BeginsTls)
                Decide(new Decision.EncryptClient());
            return true;
        }
        if (FirstWaiting is not { State: ExchangeState.Waiting } next || IsGated(next))
            return false;
        if (next.IsSetup)
        {
            if (!TryUsePrefetched(next))
                AskServer(next);
        }
        else if (next.IsTransfer && !_options.RewritingOff)
            TryStartTransfer(next);
        else
            Send(next, next.Command.Line);
        return next.State != ExchangeState.Waiting;
    }

    private bool IsGated(Exchange next)
    {
        if (!_greeted || IsSecuring || AwaitsPrefetch(next) || (next.Kind == VerbKind.Security && _exchanges[0] != next))
            return true;
        foreach (var earlier in _exchanges)
        {
            if (earlier == next)
                return false;
            // A command behind an upload could reach the server before the tail of the data does. Behind a download too, servers that listen
            // meanwhile (pyftpdlib) would answer it first, and its reply could be taken for the transfer's. And a setup that may have to be
            // asked in another way must not have its place in the order taken.
            if (earlier is { IsTransfer: true, State: ExchangeState.Sent } && next.Kind is not (VerbKind.Stat or VerbKind.Noop))
                return true;
            if (earlier is { IsSetup: true, State: ExchangeState.Sent, Asks.Count: > 0 } && !_proven.Contains(earlier.Path!.Used))
                return true;
        }
        return false;
    }

    /// <summary>Keeps what a successful command tells about transfers to come.</summary>
    private void Remember(Exchange exchange, int code, FtpLine reply)
    {
        var argument = exchange.Command.Argument.Span;
        switch (exchange.Kind)
        {
            case VerbKind.Login:
                if (exchange.Command.Name == "USER")
                    _user = Display.Escape(argument);
                if (code < 300)
                    _loggedIn = true;
                _directory.Forget();
                break;
            case VerbKind.Directory:
                _directory.Learn(exchange.Command, reply.Bytes.Span);
                _size = null;
                break;
            case VerbKind.Site when !IsHarmlessSite(argument):
            case VerbKind.Other:
                _directory.Forget();
                break;
            case VerbKind.Type:
                _type = Display.Escape(argument).ToUpperInvariant();
                break;
            case VerbKind.Mode:
                _blockMode = !Ascii.EqualsIgnoreCase(argument.Trim(" "u8), "S"u8);
                break;
            case VerbKind.Stru:
                _recordStructure = Ascii.EqualsIgnoreCase(argument.Trim(" "u8), "R"u8);
                break;
            case VerbKind.Rein:
                // Not the restart: a REST may have come behind it.
                (_extendedOnly, _blockMode, _recordStructure, _type, _loggedIn, _user, _size) = (false, false, false, "A", false, null, null);
                _directory.Forget();
                Decide(new Decision.Arm(0, TimerKind.Login));
                DiscardUnused(except: null);
                break;
            case VerbKind.Size when code == 213 && reply.Bytes.Length > 4 && Utf8Parser.TryParse(reply.Bytes.Span[4..], out long size, out _) && size >= 0:
                _size = (Display.Escape(argument), size);
                break;
            case VerbKind.Allo when Utf8Parser.TryParse(argument, out long announced, out _) && announced > 0:
                _announcedUpload = announced;
                break;
            case VerbKind.Quit:
                _farewell = true;
                break;
        }
    }

    // What clients say between transfers, and what leaves the working directory where it is. "SITE CHDIR" doesn't.
    private static bool IsHarmlessSite(ReadOnlySpan<byte> argument)
    {
        var end = argument.IndexOfAny((byte)' ', (byte)'\t');
        var word = end < 0 ? argument : argument[..end];
        return Ascii.EqualsIgnoreCase(word, "CHMOD"u8) || Ascii.EqualsIgnoreCase(word, "UTIME"u8) || Ascii.EqualsIgnoreCase(word, "UMASK"u8)
            || Ascii.EqualsIgnoreCase(word, "IDLE"u8) || Ascii.EqualsIgnoreCase(word, "HELP"u8);
    }
}
