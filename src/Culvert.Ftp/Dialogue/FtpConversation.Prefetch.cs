using Culvert.Ftp.Wire;

namespace Culvert.Ftp.Dialogue;

// The next passive port, asked for behind a download's command: its 227 comes with the download's end, and the client that asks then is answered without a round trip.
// Opt-in, and only with servers that are known to take one command after the other: ProFTPD answers a PASV in the middle of a download with 450, which could be
// the download's; pyftpdlib's would end the download.
internal sealed partial class FtpConversation
{
    /// <summary>The server says that it is vsftpd: it takes one command after the other.</summary>
    private bool _isVsftpd;

    /// <summary>It has not answered all that was asked ahead so far.</summary>
    private bool _refusesAhead;

    /// <summary>Our own PASV or EPSV whose reply is outstanding.</summary>
    private Exchange? _prefetching;

    /// <summary>The path that it made, which no client has asked for yet. Used once, or not at all.</summary>
    private PathState? _prefetched;
    private FtpLine _prefetchedLine;

    /// <summary>The server listens for us and not for the client: a transfer that the client has set up nothing for must not reach it.</summary>
    private bool _listensUnasked;

    private bool IsSetUpAhead => _listensUnasked || _prefetching is not null;

    private void LearnServer(FtpLine greeting) => _isVsftpd = greeting.Bytes.Span.IndexOf("(vsFTPd "u8) >= 0;

    /// <summary>Asks for the next port, when a download's command is the last thing said.</summary>
    private void Prefetch(Exchange transfer)
    {
        if (!_options.PassivePrefetch || _options.Ftps != Ftps.Refuse || !_isVsftpd || _refusesAhead || _stopping || _clientGone || EndIsInData || _prefetching is not null
            || transfer is not { Kind: VerbKind.Download, Path: { Settled: false, Used: DataMode.Pasv or DataMode.Epsv } path } || _exchanges[^1] != transfer)
            return;
        var line = FtpLine.Of(path.Used == DataMode.Pasv ? "PASV" : "EPSV");
        DropPrefetched();
        _prefetching = new(FtpCommand.Parse(line)) { Own = true, Path = NewPath(path.Used, null) };
        _exchanges.Add(_prefetching);
        Send(_prefetching, line);
    }

    private void OnPrefetchReply(Exchange exchange, int code, IReadOnlyList<FtpLine> lines)
    {
        var path = exchange.Path!;
        _prefetching = null;
        var isPort = code is 227 or 229;
        _listensUnasked |= isPort;
        var refusal = ReadPassive(code, lines, out var host, out var port, out _);
        if (!isPort || refusal is not null)
        {
            // It will say so again, and the client hears it when it asks itself.
            _refusesAhead = true;
            path.Refused = true;
        }
        if (path.Refused || _clientGone || _stopping)
        {
            _paths.Remove(path.Id);
        }
        else
        {
            (_prefetched, _prefetchedLine) = (path, _firstLine);
            path.Far = PathEnd.Opening;
            Decide(new Decision.DialFar(path.Id, port, host));
            Decide(new Decision.Arm(path.Id, TimerKind.Prefetch));
        }
        Pop(exchange);
    }

    /// <summary>Whether a setup waits: for the port that is on its way, or for its place, because what is answered here is answered at once.</summary>
    private bool AwaitsPrefetch(Exchange next) => next.IsSetup && (_prefetching is not null || (_prefetched is not null && _exchanges[0] != next));

    /// <summary>Gives the prefetched path to the setup command that comes first in the list. False: there is none, or none that stands.</summary>
    private bool TryUsePrefetched(Exchange exchange)
    {
        if (_prefetched is not { } ready)
            return false;
        if (ready is not { Settled: false, Fault: null, Far: PathEnd.Opening or PathEnd.Open } || !exchange.Asks.Contains(ready.Used))
        {
            DropPrefetched();
            return false;
        }
        var path = exchange.Path!;
        _paths.Remove(path.Id);
        (path.Id, path.Used, path.Far, path.Asking) = (ready.Id, ready.Used, ready.Far, false);
        _paths[path.Id] = path;
        (_prefetched, _firstLine, _listensUnasked) = (null, _prefetchedLine, false);
        exchange.Asks.Clear();
        exchange.State = ExchangeState.Sent;
        DiscardUnused(except: path);
        AnswerSetup(exchange);
        return true;
    }

    /// <summary>What the client says may change what a port is for, or mean that none is wanted: then it's asked for anew.</summary>
    private void MindPrefetch(FtpCommand command)
    {
        if (command.Kind is VerbKind.Pasv or VerbKind.Epsv or VerbKind.Port or VerbKind.Eprt or VerbKind.Download or VerbKind.Upload
            or VerbKind.Type or VerbKind.Directory or VerbKind.Size or VerbKind.Rest or VerbKind.Allo or VerbKind.Noop || command.Name == "MDTM")
            return;
        if (_prefetching is { } asked)
            asked.Path!.Refused = true;
        DropPrefetched();
    }

    private void OnPrefetchExpired(PathState path)
    {
        if (path == _prefetched)
            DropPrefetched();
    }

    private void DropPrefetched()
    {
        if (_prefetched is not { } path)
            return;
        _prefetched = null;
        Settle(path, Ending.Cut);
    }
}
