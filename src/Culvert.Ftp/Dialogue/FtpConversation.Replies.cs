using Culvert.Ftp.Wire;

namespace Culvert.Ftp.Dialogue;

// The server's side: whose reply a line belongs to, and what becomes of it.
internal sealed partial class FtpConversation
{
    /// <summary>Replies that must be understood as a whole (a 227, the verdict on a transfer) are collected up to this size. The longest
    /// known ones are a few hundred bytes.</summary>
    private const int MaxCollected = 64 * 1024;

    /// <summary>What a collected line counts at least: its own bookkeeping, so that endless empty lines come to an end too.</summary>
    private const int LeastLine = 32;

    private enum Route
    {
        /// <summary>To the client, line by line.</summary>
        Pass,
        /// <summary>The same, without the features that are refused here.</summary>
        Filter,
        /// <summary>Kept until the reply is whole.</summary>
        Collect,
        /// <summary>To nobody.</summary>
        Swallow,
    }

    private readonly ReplyReader _reader = new();
    private readonly List<FtpLine> _collected = [];
    private int _collectedBytes;
    private Exchange? _answering;
    private FtpLine _firstLine;
    private Route _route;

    /// <summary>The client reads a reply of several lines: an answer of ours waits for its end.</summary>
    private bool _isReplyOpen;

    /// <summary>A line of the server. Not to be called while <see cref="HoldsReplies"/>. It may be lent, until the decisions upon it are done: most lines only pass.</summary>
    public void OnReply(FtpLine line)
    {
        if (_closed)
            return;
        var reply = _reader.Place(line);
        if (line.Fault != LineFault.None || reply.Code == 0)
        {
            Violation(line.Fault == LineFault.TooLong ? "a reply line was too long" : "a line was no reply");
            return;
        }
        line = reply.Line;
        if (reply.First)
        {
            _firstLine = line = line.Kept();
            if (!TryRoute(reply))
                return;
        }
        switch (_route)
        {
            case Route.Pass:
                ToClient(line);
                break;
            case Route.Filter:
                FilterFeature(reply);
                break;
            case Route.Collect:
                _collected.Add(reply.First ? line : line.Kept());
                _collectedBytes += Math.Max(line.Bytes.Length, LeastLine);
                break;
        }
        _isReplyOpen = !reply.Last && _route is (Route.Pass or Route.Filter);
        if (_collectedBytes > MaxCollected)
            Violation("a reply was too long");
        else if (reply.Last)
            OnWholeReply(reply.Code);
    }

    /// <summary>Finds the command that a reply answers, and the way its lines go.</summary>
    private bool TryRoute(ReplyLine reply)
    {
        var code = reply.Code;
        _collected.Clear();
        _collectedBytes = 0;
        _answering = code == 421 ? null : Match(code);
        if (_answering is null && code is 227 or 229)
        {
            // Nobody asked: the client would take it for the answer to its next PASV, and connect where the server likes.
            Violation($"a {code} that nobody asked for");
            return false;
        }
        if (_answering is null && code != 421 && IsSecuring)
        {
            // What was slipped in before TLS began would become the answer to a command that goes out after.
            Violation($"a {code} that nobody asked for, before TLS");
            return false;
        }
        if (_answering is null && code != 421)
        {
            // An ABOR of the relay's own can bring more replies than one; the client knows of none. And behind a goodbye nothing is said.
            _route = _farewell || (_ownAborts > 0 && code is 225 or 226 or 426) ? Route.Swallow : Route.Pass;
            Notice("reply", $"a {code} that answers no command");
            return true;
        }
        _route = _answering switch
        {
            null => Route.Collect, // 421
            { Own: true, IsSetup: false, Kind: not (VerbKind.Security or VerbKind.Protection) } => Route.Swallow,
            { Aborted: true, HasBegun: true } when reply.IsPreliminary => Route.Swallow, // the client that aborted awaits a final reply
            { IsSetup: true } => Route.Collect,
            { IsTransfer: true } when !_options.RewritingOff && !reply.IsPreliminary => Route.Collect,
            { Kind: VerbKind.Feat } => Route.Filter,
            { Kind: VerbKind.Security or VerbKind.Protection } => Route.Collect,
            _ => Route.Pass,
        };
        return true;
    }

    /// <summary>The first outstanding command that the code can answer. A transfer that runs may be overtaken by the answers to ABOR, STAT
    /// and NOOP only; what ABOR ended, by anything.</summary>
    private Exchange? Match(int code)
    {
        var behindTransfer = false;
        foreach (var exchange in _exchanges)
        {
            if (exchange.State != ExchangeState.Sent)
                continue;
            if (exchange.Accepts(code, _abortSeen, behindTransfer) && !IsContested(exchange, code) && (!behindTransfer || exchange.IsPreemptive))
                return exchange;
            // One reply too many to an ABOR: what belongs to commands behind the fence comes behind the fence's own.
            if (exchange is { Own: true, Kind: VerbKind.Noop } && code is 225 or 226 or 426)
                return null;
            if (exchange.IsTransfer && !exchange.Aborted)
                behindTransfer = true;
            else if (!exchange.IsDroppable && !(behindTransfer && exchange.IsPreemptive))
                return null;
        }
        return null;
    }

    /// <summary>Whether another command that is outstanding has the better claim. 200 answers a NOOP, and some old servers' transfers too; that a
    /// command isn't known, or not now, is no verdict on a transfer that was taken up (Pure-FTPd says so of STAT, and goes on sending).</summary>
    private bool IsContested(Exchange exchange, int code)
    {
        if (!exchange.IsTransfer)
            return false;
        if (code == 200)
            return _exchanges.Exists(e => e is { Kind: VerbKind.Noop, State: ExchangeState.Sent });
        return code is >= 500 and < 505 && exchange.HasBegun && _exchanges.Exists(e => e is { IsPreemptive: true, State: ExchangeState.Sent });
    }

    private void OnWholeReply(int code)
    {
        var exchange = _answering;
        _answering = null;
        if (code == 421)
        {
            Close("the server closed the session", [.. _collected]);
            return;
        }
        if (exchange is null)
        {
            Advance();
            return;
        }
        if (code < 200)
        {
            if (exchange.IsTransfer)
                OnPreliminary(exchange, _firstLine);
            return;
        }
        if (exchange.IsGreeting)
        {
            _greeted = code < 300; // 220, and what odd servers say instead
            LearnServer(_firstLine);
            Pop(exchange);
            if (!_greeted)
                Close("the server refused the session");
            else if (_options.Originates)
                SecureServer();
        }
        else if (exchange.Kind is VerbKind.Security or VerbKind.Protection)
            OnSecurityReply(exchange, code, [.. _collected]);
        else if (exchange == _prefetching)
            OnPrefetchReply(exchange, code, [.. _collected]);
        else if (exchange.Own)
            Pop(exchange);
        else if (exchange.IsSetup)
            OnSetupReply(exchange, code, [.. _collected]);
        else if (exchange.IsTransfer && !_options.RewritingOff)
            OnVerdict(exchange, code, [.. _collected]);
        else
        {
            exchange.WasRefused = code >= 400;
            if (!exchange.WasRefused)
                Remember(exchange, code, _firstLine);
            Pop(exchange);
        }
    }
}
