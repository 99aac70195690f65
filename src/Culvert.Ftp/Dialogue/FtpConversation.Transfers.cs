using System.Buffers.Text;
using System.Globalization;
using Culvert.Ftp.Wire;
using Culvert.Net;

namespace Culvert.Ftp.Dialogue;

// When a transfer may start, and what its end means: a file that was cut must look cut on both sides.
internal sealed partial class FtpConversation
{
    private bool _blockMode;
    private bool _recordStructure;
    private int _ownAborts;

    /// <summary>The REST that waits for its transfer.</summary>
    private Exchange? _restart;

    /// <summary>The download whose final reply waits until its data has reached the client.</summary>
    private Exchange? _held;

    /// <summary>MODE B, C and Z, and STRU R, mark the end of a file inside the data: the end of the connection says nothing about a file.</summary>
    private bool EndIsInData => _blockMode || _recordStructure;

    /// <summary>Sends a transfer's command when its path is ready for it; refuses it when there will be none.</summary>
    private void TryStartTransfer(Exchange exchange)
    {
        var path = exchange.Path;
        if (path is null || path.Refused || (path.Consumed && (path.Settled || !EndIsInData)))
        {
            // No path: the server says so better than we could, unless it has one that the client knows nothing of.
            exchange.Path = null;
            if (IsSetUpAhead)
                RefuseTransfer(exchange, new(425, "Use PORT or PASV first."));
            else
                StartTransfer(exchange);
        }
        else if (path.Fault is { } fault)
            RefuseTransfer(exchange, fault);
        else if (path.ClientAddress is { } address)
        {
            // The client is reached before the server hears of the transfer: an upload that can't begin must not empty the old file.
            if (path.Asking || path.Near == PathEnd.Opening)
                return;
            if (path.Near != PathEnd.None)
                StartTransfer(exchange);
            else
            {
                path.Near = PathEnd.Opening;
                Decide(new Decision.DialNear(path.Id, address) { Encrypted = _clientProtects });
            }
        }
        else if (exchange.Kind == VerbKind.Download || path.Near >= PathEnd.Open)
            StartTransfer(exchange);
        else if (path.HoldOver && _clientGone)
            RefuseTransfer(exchange, new(425, "Can't open data connection: the client is gone."));
        else if (path.HoldOver)
            StartTransfer(exchange);
        else if (!path.Asking && !path.HoldArmed)
        {
            path.HoldArmed = true;
            Decide(new Decision.Arm(path.Id, TimerKind.UploadHold));
        }
    }

    private void StartTransfer(Exchange exchange)
    {
        (exchange.Restart, _restart) = (_restart, null);
        if (exchange.Path is { } path)
        {
            path.Consumed = true;
            path.Transfer = exchange;
            DecideBegan(exchange, path);
        }
        if (exchange.Kind == VerbKind.Upload)
            _announcedUpload = null;
        Send(exchange, exchange.Command.Line);
        if (exchange.Path is { Settled: false } begun && _options.Originates)
            Decide(new Decision.EncryptFar(begun.Id));
        Prefetch(exchange);
        if (exchange is { Kind: VerbKind.Download, Path: { } download })
            TellEndAhead(download);
    }

    private void DecideBegan(Exchange exchange, PathState path)
    {
        var name = Display.Escape(exchange.Command.Argument.Span);
        var upload = exchange.Kind == VerbKind.Upload;
        exchange.Facts = FactsOf(exchange, isAnswered: false);
        var size = upload ? _announcedUpload : _size is { } known && known.Name == name ? Math.Max(0, known.Bytes - exchange.Facts.RestartOffset) : (long?)null;
        Decide(new Decision.Began(path.Id, exchange.Command.Name, name,
            upload ? TransferDirection.Upload : TransferDirection.Download, path.Asked, path.Used, size, exchange.Facts));
    }

    /// <summary>What the commands before a transfer make of it. Final once the server has answered it, because it has answered all of those before.</summary>
    private TransferFacts FactsOf(Exchange exchange, bool isAnswered)
    {
        var moving = !isAnswered && _exchanges.TakeWhile(e => e != exchange).Any(e => e.Kind is VerbKind.Directory or VerbKind.Site or VerbKind.Other or VerbKind.Login or VerbKind.Rein);
        var name = exchange.Command.Argument.Span;
        if (exchange.Command.Name is "LIST" or "NLST")
            name = WithoutOptions(name);
        var path = moving || (name.IsEmpty && exchange.Kind == VerbKind.Upload) ? null : _directory.Resolve(name);
        var offset = exchange.Restart is { WasRefused: false } restart && Utf8Parser.TryParse(restart.Command.Argument.Span, out long at, out _) && at > 0 ? at : 0;
        return new(_user, path is null ? null : Display.Escape(path), _type, offset);
    }

    // "LIST -la name": options of the server's ls.
    private static ReadOnlySpan<byte> WithoutOptions(ReadOnlySpan<byte> argument)
    {
        while (!argument.IsEmpty && argument[0] == (byte)'-')
        {
            var end = argument.IndexOf((byte)' ');
            argument = end < 0 ? [] : argument[end..].TrimStart((byte)' ');
        }
        return argument;
    }

    private void Correct(Exchange exchange, PathState path)
    {
        var facts = FactsOf(exchange, isAnswered: true);
        if (exchange.Facts == facts)
            return;
        exchange.Facts = facts;
        Decide(new Decision.Corrected(path.Id, facts));
    }

    /// <summary>Answers a transfer that the server hasn't heard of.</summary>
    private void RefuseTransfer(Exchange exchange, PathFault fault)
    {
        exchange.Restart = _restart;
        if (exchange.Path is { Transfer: null } path) // not another transfer's, which runs
        {
            DecideBegan(exchange, path);
            Decide(new Decision.Finished(path.Id, TransferResult.Failed, null, fault.Text));
            if (!path.Asking && _announcing?.Path != path) // otherwise the answer to the setup is still to come, and makes a path for the next transfer
            {
                path.Fault ??= new(425, "Can't open data connection: it ended with the transfer before.");
                Settle(path, Ending.Cut);
            }
        }
        var restarts = _restart is { WasRefused: false };
        _restart = null;
        if (restarts)
        {
            // The server still has a REST for this transfer, and would start the next one, of another file, in the middle.
            var reset = new Exchange(FtpCommand.Parse(FtpLine.Of("REST 0"))) { Own = true };
            _exchanges.Insert(_exchanges.IndexOf(exchange), reset);
            Send(reset, reset.Command.Line);
        }
        exchange.State = ExchangeState.Answered;
        exchange.Answer = FtpReply.Of(fault.Code, fault.Text);
    }

    private void OnPreliminary(Exchange exchange, FtpLine line)
    {
        exchange.HasBegun = true;
        if (exchange.Path is not { } path)
            return;
        Correct(exchange, path);
        if (exchange.Kind == VerbKind.Download && SizeIn(line.Bytes.Span) is { } size)
            Decide(new Decision.Expect(path.Id, size, IsExact(exchange)));
    }

    /// <summary>A file as it is, from its beginning. Listings, ASCII, REST and the old modes make other counts than the ones that servers announce.</summary>
    private bool IsExact(Exchange exchange) =>
        exchange.Command.Name == "RETR" && _type.Length > 0 && _type[0] is 'I' or 'L' && !EndIsInData && exchange.Restart is null or { WasRefused: true };

    /// <summary><c>150 Opening BINARY mode data connection for name (123 bytes).</c></summary>
    private static long? SizeIn(ReadOnlySpan<byte> text)
    {
        var end = text.LastIndexOf(" bytes"u8);
        var start = end < 0 ? -1 : text[..end].LastIndexOf((byte)'(');
        return start >= 0 && Utf8Parser.TryParse(text[(start + 1)..end], out long size, out var used) && used == end - start - 1 && size >= 0 ? size : null;
    }

    /// <summary>The server's final reply to a transfer.</summary>
    private void OnVerdict(Exchange exchange, int code, IReadOnlyList<FtpLine> lines)
    {
        exchange.Held = lines;
        if (exchange.Path is not { } path)
        {
            ToClient(lines);
            Pop(exchange);
            return;
        }
        Correct(exchange, path);
        LearnWhoWaits(exchange, path, code);
        if (code >= 400 || path.Fault is not null || exchange.Aborted)
            FinishTransfer(exchange, whole: false);
        else if (EndIsInData)
            FinishTransfer(exchange, whole: true);
        else if (exchange.Kind == VerbKind.Upload)
        {
            if (path.Near == PathEnd.Ended)
                FinishTransfer(exchange, whole: true);
            else
                FinishTransfer(exchange, whole: false, path.Near == PathEnd.Open
                    ? new(426, "Data connection broken: the server stopped before the end of the file.")
                    : new(425, "Can't open data connection: the client didn't connect."));
        }
        else if (path.Far == PathEnd.Ended)
            FinishTransfer(exchange, whole: true);
        else
        {
            _held = exchange;
            Decide(new Decision.Arm(path.Id, TimerKind.Stall));
        }
    }

    /// <summary>Ends the data connections, then passes the final reply on: who reads the reply first must find the data as it will stay.</summary>
    private void FinishTransfer(Exchange exchange, bool whole, PathFault? fault = null)
    {
        var path = exchange.Path!;
        var lines = exchange.Held ?? [];
        var refusedByServer = lines.Count > 0 && lines[0].Bytes.Span[0] is (byte)'4' or (byte)'5';
        fault = path.Fault ?? fault;
        var cause = whole ? null : fault?.Text ?? (exchange.Aborted ? "aborted by the client" : "refused by the server");
        // The server's own refusal says more than our 426; but not more than why there never was a data connection.
        if (fault is { Code: 426 } && refusedByServer)
            fault = null;
        if (_held == exchange)
            _held = null;
        path.Transfer = null;
        var reply = fault is null ? lines : [FtpReply.Of(fault.Code, fault.Text)];
        // The system of a client that is killed closes its sockets in order: what came of its upload may be half a file, and the server can't know; what it
        // has read of a download may never have been written.
        var vanished = _clientGone && !_exchanges.Exists(e => e.Kind == VerbKind.Quit);
        Decide(new Decision.Finished(path.Id, !whole ? TransferResult.Failed : vanished ? TransferResult.Unverified : TransferResult.Complete,
            reply.Count > 0 ? reply[0].ToString() : null, vanished ? "the client is gone" : cause));
        if (!whole || !EndIsInData)
            Settle(path, whole ? Ending.InOrder : Ending.Cut);
        ToClient(reply);
        Pop(exchange);
    }

    /// <summary>Its reply won't come any more (it was aborted, and the server gave fewer replies than there were commands).</summary>
    private void Drop(Exchange exchange)
    {
        if (exchange.Path is { Transfer: { } } path && path.Transfer == exchange)
        {
            path.Transfer = null;
            Decide(new Decision.Finished(path.Id, TransferResult.Failed, null, "aborted by the client"));
            Settle(path, Ending.Cut);
        }
    }

    private void OnNearFailed(PathState path, Failure failure)
    {
        var fault = new PathFault(425, $"Can't open data connection: {_options.Words(failure)}.");
        if (_announcing?.Path == path)
            FailSetup(_announcing, FtpReply.Of(fault.Code, fault.Text));
        else
            GiveUp(path, fault);
    }

    private void OnFarFailed(PathState path, Failure failure)
    {
        var fault = new PathFault(425, $"Can't open data connection: {_options.Words(failure)}.");
        if (_announcing?.Path == path)
            FailSetup(_announcing, FtpReply.Of(fault.Code, fault.Text));
        else if (_exchanges.Find(e => e.Path == path && e.State == ExchangeState.Preparing) is { } preparing)
            FailPreparing(preparing, FtpReply.Of(fault.Code, fault.Text));
        else if (path.Transfer is not null)
            GiveUp(path, fault);
        else
            path.Fault = fault; // the listener stays: a client that may connect and then asks reads the cause, not a bare refusal
    }

    /// <summary>A side that should stand doesn't. The server may wait for a connection that will never come, or, worse, take the end of an
    /// upload that never began for a whole file: so ABOR goes first.</summary>
    private void GiveUp(PathState path, PathFault fault)
    {
        path.Fault ??= fault;
        if (_held is { } held && held.Path == path)
        {
            FinishTransfer(held, whole: false);
            return;
        }
        if (path.Transfer is { Aborted: false })
        {
            _ownAborts++;
            SendAbort(new(FtpCommand.Parse(FtpLine.Of("ABOR"))) { Own = true });
        }
        Settle(path, Ending.Cut);
    }

    private void OnFarEnded(PathState path)
    {
        path.Far = PathEnd.Ended;
        if (EndIsInData)
            Decide(new Decision.EndNear(path.Id));
        else if (_held is { } held && held.Path == path)
            FinishTransfer(held, whole: true);
        else if (path.Transfer is { Kind: VerbKind.Upload } && path.Near != PathEnd.Ended)
            OnBroken(path, "the server closed the data connection before the end of the file");
        else if (path.Transfer is null && !path.Consumed)
            // Nothing was asked for, so nothing was sent: were it taken, an empty file would look whole. Another connection may have been
            // first at the server's port.
            path.Fault ??= new(425, "Can't open data connection: the server closed it before the transfer.");
        else if (path.Transfer is { Kind: VerbKind.Download })
        {
            MindOurEnd(path);
            Decide(new Decision.Arm(path.Id, TimerKind.Verdict));
        }
    }

    /// <summary>A side broke: the other one must see it now. What the server says later is passed on only if it says failure as well.</summary>
    private void OnBroken(PathState path, string cause)
    {
        path.Fault ??= new(426, $"Data connection broken: {cause}.");
        if (_held is { } held && held.Path == path)
            FinishTransfer(held, whole: false);
        else
            Settle(path, Ending.Cut);
    }

    /// <summary>The client wants no more of it, and the server doesn't notice: some look at the control connection only when urgent data calls them,
    /// which SSH doesn't carry, and are stuck in a data connection that nobody reads.</summary>
    private void OnAbortUnanswered(PathState path)
    {
        if (path.Transfer is not { Aborted: true })
            return;
        if (_announcing?.Path == path)
            FailSetup(_announcing, FtpReply.Of(425, "Can't open data connection: aborted by the client."));
        else
            OnBroken(path, "aborted by the client");
    }

    private void OnNoVerdict(PathState path)
    {
        if (path is { Transfer: not null, Far: PathEnd.Ended })
            OnBroken(path, string.Create(CultureInfo.InvariantCulture, $"no final reply came within {_options.VerdictTimeout.TotalSeconds} seconds"));
    }

    /// <summary>No byte moved since the timer looked last. Where data waits for the client, it may be one that reads the reply before the data.
    /// Where data is still to come, the reply is only ahead of it (it has another channel), and may be ahead of a link that is dead.</summary>
    private void OnStall(PathState path, PathEvent.TimerElapsed look)
    {
        if (_held is not { } held || held.Path != path)
            return;
        var moves = path.Near < PathEnd.Open || look.Delivered != path.Delivered;
        path.StallsInARow = moves ? 0 : path.StallsInARow + 1;
        path.Delivered = look.Delivered;
        if (moves || (!look.ClientIsSlow && path.StallsInARow * _options.StallTimeout < _options.VerdictTimeout))
        {
            Decide(new Decision.Arm(path.Id, TimerKind.Stall));
            return;
        }
        if (!look.ClientIsSlow)
        {
            OnBroken(path, string.Create(CultureInfo.InvariantCulture, $"the server called it complete, but no end of the data came within {_options.VerdictTimeout.TotalSeconds} seconds"));
            return;
        }
        _held = null;
        path.Transfer = null;
        var reply = held.Held!;
        Decide(new Decision.Finished(path.Id, TransferResult.Unverified, reply[0].ToString(), "the client had not read all when the reply was passed on"));
        Settle(path, Ending.WhenDrained);
        ToClient(reply);
        Pop(held);
    }

    /// <summary>The session ends before the path did.</summary>
    private void Abandon(PathState path, string why)
    {
        // All of an upload has come, and its end was passed on: as in direct FTP, the server keeps it, and nobody knows.
        var unheard = path is { Transfer.Kind: VerbKind.Upload, Near: PathEnd.Ended, Fault: null };
        if (path.Transfer is not null)
            Decide(new Decision.Finished(path.Id, unheard ? TransferResult.Unverified : TransferResult.Failed, null, path.Fault?.Text ?? why));
        Settle(path, unheard ? Ending.InOrder : Unused(path));
    }

    /// <summary>How a path ends that no transfer uses: what the client of a last file hasn't read yet is still on its way.</summary>
    private static Ending Unused(PathState path) => path is { Consumed: true, Transfer: null, Fault: null } ? Ending.WhenDrained : Ending.Cut;
}
