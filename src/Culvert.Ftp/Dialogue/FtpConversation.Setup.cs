using System.Net;
using System.Net.Sockets;
using System.Text;
using Culvert.Ftp.Wire;
using Culvert.Net;

namespace Culvert.Ftp.Dialogue;

// How a data path comes to be: PASV, EPSV, PORT and EPRT of the client, and what the server is asked instead.
internal sealed partial class FtpConversation
{
    private readonly HashSet<DataMode> _proven = [];
    private readonly HashSet<DataMode> _refused = [];

    /// <summary>The path of the last setup command: what the next transfer will use.</summary>
    private PathState? _latest;

    /// <summary>The setup whose 227 or 229 waits for the listener that it will name.</summary>
    private Exchange? _announcing;

    private void OnPasv(FtpCommand command)
    {
        if (!command.Argument.IsEmpty)
            Refuse(command, 501, "PASV takes no argument.");
        else if (_extendedOnly)
            Refuse(command, 503, "After EPSV ALL only EPSV is allowed.");
        else if (PassiveAddress.AddressFamily != AddressFamily.InterNetwork)
            Refuse(command, 425, "PASV can't name an IPv6 address; use EPSV.");
        else
            Setup(command, NewPath(DataMode.Pasv, null), [DataMode.Pasv, DataMode.Epsv, .. ForwardIfAllowed]);
    }

    private void OnEpsv(FtpCommand command)
    {
        var argument = command.Argument.Span.TrimEnd(" \t"u8);
        var own = ClientIsIPv6 ? "2"u8 : "1"u8;
        if (Ascii.EqualsIgnoreCase(argument, "ALL"u8))
        {
            // Not passed on: a server that believes it would refuse the PASV that may be needed in place of an EPSV.
            _extendedOnly = true;
            Answer(command, FtpReply.Of(200, "Only EPSV from now on."));
        }
        else if (argument.IsEmpty || argument.SequenceEqual(own))
            Setup(command, NewPath(DataMode.Epsv, null), [DataMode.Epsv, DataMode.Pasv, .. ForwardIfAllowed]);
        else if (argument.SequenceEqual("1"u8) || argument.SequenceEqual("2"u8))
            Refuse(command, 522, $"Network protocol not supported here, use ({(ClientIsIPv6 ? 2 : 1)})");
        else
            Refuse(command, 501, "EPSV takes 1, 2, ALL or nothing.");
    }

    private void OnActive(FtpCommand command, DataMode asked, AddressFound found, IPEndPoint address)
    {
        if (_extendedOnly)
            Refuse(command, 503, "After EPSV ALL only EPSV is allowed.");
        else if (found == AddressFound.UnknownFamily)
            Refuse(command, 522, "Network protocol not supported, use (1,2)");
        else if (found != AddressFound.One)
            Refuse(command, 501, $"Not an address: {command.Name} {(asked == DataMode.Port ? "h,h,h,h,p,p" : "|1|address|port|")}.");
        else if (FtpPolicy.RefuseActive(address, _client, _options) is { } refusal)
        {
            Notice(command.Name, refusal.ToString());
            Answer(command, refusal);
        }
        else if (_options.Active == ActiveMode.Forward)
            Setup(command, NewPath(asked, address), ForwardIfAllowed);
        else
            Setup(command, NewPath(asked, address), [DataMode.Epsv, DataMode.Pasv, .. ForwardIfAllowed]);
    }

    /// <summary>The way in which the server connects to us, if it may: an open port on the far side is a thing to be asked for.</summary>
    private DataMode[] ForwardIfAllowed => _options.Active == ActiveMode.Convert ? []
        : [FarListenAddress.AddressFamily == AddressFamily.InterNetwork ? DataMode.Port : DataMode.Eprt];

    private IPAddress PassiveAddress => _options.Advertise ?? _nearAddress;

    private IPAddress FarListenAddress => _options.ActiveAddress
        ?? (_destination.TryGetAddress(out var literal) && literal.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback);

    private void Setup(FtpCommand command, PathState path, ReadOnlySpan<DataMode> ways)
    {
        var exchange = new Exchange(command) { Path = path };
        // What the server refused before is asked last, so that it costs a round trip only once.
        foreach (var way in ways)
        {
            if (!_refused.Contains(way))
                exchange.Asks.Enqueue(way);
        }
        foreach (var way in ways)
        {
            if (_refused.Contains(way))
                exchange.Asks.Enqueue(way);
        }
        _latest = path;
        Append(exchange);
    }

    private void AskServer(Exchange exchange)
    {
        var path = exchange.Path!;
        path.Used = exchange.Asks.Dequeue();
        if (path.Used is DataMode.Port or DataMode.Eprt)
        {
            exchange.State = ExchangeState.Preparing;
            path.Far = PathEnd.Opening;
            Decide(new Decision.ListenFar(path.Id, FarListenAddress));
            return;
        }
        var line = FtpLine.Of(path.Used == DataMode.Pasv ? "PASV" : "EPSV");
        if (path.ClientAddress is not null)
            Decide(new Decision.Rewrote(exchange.Command.ToString(), line.ToString()));
        Send(exchange, line);
    }

    /// <summary>The far listener stands: the server is told of it in place of the client's own address.</summary>
    private void AskActive(PathState path, Endpoint at)
    {
        if (_exchanges.Find(e => e.Path == path && e.State == ExchangeState.Preparing) is not { } exchange)
            return;
        var line = FtpAddress.Active(FarListenAddress, at.Port);
        Decide(new Decision.Rewrote(exchange.Command.ToString(), line.ToString()));
        Send(exchange, line);
    }

    private void OnSetupReply(Exchange exchange, int code, IReadOnlyList<FtpLine> lines)
    {
        var path = exchange.Path!;
        DiscardUnused(except: path);
        _listensUnasked &= code is not (200 or 227 or 229);
        switch (path.Used)
        {
            case DataMode.Port or DataMode.Eprt when code is >= 200 and < 300:
                path.Asking = false;
                AnswerSetup(exchange);
                break;
            case DataMode.Pasv or DataMode.Epsv when code is 227 or 229:
                OnPassiveReply(exchange, code, lines);
                break;
            default:
                OnSetupRefused(exchange, code, lines);
                break;
        }
    }

    private void OnPassiveReply(Exchange exchange, int code, IReadOnlyList<FtpLine> lines)
    {
        var path = exchange.Path!;
        var refusal = ReadPassive(code, lines, out var host, out var port, out var found);
        if (found == AddressFound.None && TryAskAgain(exchange))
            return; // servers on IPv6 answer PASV with nonsense
        if (refusal is not null)
        {
            Notice(exchange.Command.Name, refusal);
            FailSetup(exchange, FtpReply.Of(425, $"Can't open data connection: {refusal}."));
            return;
        }
        _proven.Add(path.Used);
        _loggedIn = true; // or as good as that: there are servers without users
        path.Asking = false;
        path.Far = PathEnd.Opening;
        // Unless the user wants it, the address in the reply is not looked at: data goes to the host that was configured. The channel is opened
        // now and not waited for, so that it costs no round trip, and the port at the server is taken before anyone else can.
        Decide(new Decision.DialFar(path.Id, port, host));
        AnswerSetup(exchange);
    }

    /// <summary>Where a 227 or 229 leads; null, or why nobody goes there.</summary>
    private string? ReadPassive(int code, IReadOnlyList<FtpLine> lines, out IPAddress? host, out int port, out AddressFound found)
    {
        (found, var address, port) = FindAddress(code, lines);
        host = _options.DataAddress == DataAddress.Reply ? address : null;
        return found switch
        {
            AddressFound.Several => "the server's reply names two addresses",
            not AddressFound.One => "the server's reply names no address",
            _ when host is not null && !FtpPolicy.AllowsServerAddress(host, _options.DataHosts) => $"the server's reply names {host}, which is none of the data hosts",
            _ when !FtpPolicy.AllowsServerPort(port, _destination, _options) => $"the server's reply names port {port}, which is no data port",
            _ => null,
        };
    }

    private static (AddressFound Found, IPAddress? Address, int Port) FindAddress(int code, IReadOnlyList<FtpLine> lines)
    {
        if (code == 227)
            return (FtpAddress.Parse227(lines, out var address), address.Address, address.Port);
        var found = FtpAddress.Parse229(lines, out var port);
        return (found, null, port);
    }

    private void OnSetupRefused(Exchange exchange, int code, IReadOnlyList<FtpLine> lines)
    {
        var path = exchange.Path!;
        // 53x is about the user, not about the way of asking; 425 is what PASV gets on IPv6. A success that isn't the one expected is a
        // refusal too: whatever its text says, it must not reach the client.
        var aboutTheWay = code is (>= 200 and < 400) or 425 or (>= 500 and < 530) or >= 540;
        if (aboutTheWay)
        {
            if (code >= 400)
                exchange.Refusal ??= lines;
            if (TryAskAgain(exchange))
                return;
        }
        path.Refused = true;
        if (path.ClientAddress is not null && path.Used is DataMode.Port or DataMode.Eprt && code >= 400)
            FailSetup(exchange, lines);
        else if (path.ClientAddress is not null && path.Used is DataMode.Pasv or DataMode.Epsv && aboutTheWay)
            FailSetup(exchange, FtpReply.Of(425, $"Can't open data connection: the server refused passive mode ({lines[0]})."));
        else if (code >= 400)
            FailSetup(exchange, exchange.Refusal ?? lines);
        else
            FailSetup(exchange, FtpReply.Of(425, $"Can't open data connection: the server's reply has code {code}."));
    }

    /// <summary>Asks in the next way, unless there is none, or the server has later commands already and would answer those first, or a
    /// listener on the far side was made for this path: whoever came there must not be taken for the server.</summary>
    private bool TryAskAgain(Exchange exchange)
    {
        _refused.Add(exchange.Path!.Used);
        if (exchange.Asks.Count == 0 || exchange.Path.Used is DataMode.Port or DataMode.Eprt || _exchanges.FindLast(e => e.State == ExchangeState.Sent) != exchange)
            return false;
        AskServer(exchange);
        return true;
    }

    /// <summary>The near listener stands: the client is told of it, in the one form that every client understands.</summary>
    private void Announce(PathState path, Endpoint at)
    {
        if (_announcing?.Path != path)
            return;
        var exchange = _announcing;
        _announcing = null;
        var line = path.Asked == DataMode.Pasv ? FtpAddress.Passive(PassiveAddress, at.Port) : FtpAddress.ExtendedPassive(at.Port);
        Decide(new Decision.Rewrote(_firstLine.ToString(), line.ToString()));
        ToClient(line);
        Pop(exchange);
    }

    /// <summary>The server's side is settled. A client that listens itself is told so; for another one the listener is opened first.</summary>
    private void AnswerSetup(Exchange exchange)
    {
        var path = exchange.Path!;
        if (path is { Settled: true, Fault: { } fault })
        {
            // The far listener failed while the server was being told of it, and a transfer that was said already gave the path up.
            FailSetup(exchange, FtpReply.Of(425, fault.Text));
            return;
        }
        if (path.ClientAddress is null)
        {
            path.Near = PathEnd.Opening;
            _announcing = exchange;
            Decide(new Decision.ListenNear(path.Id) { Encrypted = _clientProtects });
            return;
        }
        ToClient(FtpReply.Of(200, $"{exchange.Command.Name} command successful."));
        Pop(exchange);
    }

    private void FailSetup(Exchange exchange, params IReadOnlyList<FtpLine> reply)
    {
        EndSetup(exchange);
        ToClient(reply);
        Pop(exchange);
    }

    /// <summary>The far listener failed before the server was asked: the answer waits for the replies of earlier commands.</summary>
    private void FailPreparing(Exchange exchange, FtpLine reply)
    {
        EndSetup(exchange);
        (exchange.State, exchange.Answer) = (ExchangeState.Answered, reply);
    }

    private void EndSetup(Exchange exchange)
    {
        var path = exchange.Path!;
        (path.Asking, path.Refused) = (false, true);
        if (_announcing == exchange)
            _announcing = null;
        path.Fault ??= new(425, "Can't open data connection: its setup was refused.");
        Settle(path, Ending.Cut);
    }

    /// <summary>A new setup, or REIN, ends a path that no transfer is using.</summary>
    private void DiscardUnused(PathState? except)
    {
        foreach (var path in _paths.Values.ToArray())
        {
            if (path == except || path is not { Asking: false, Transfer: null })
                continue;
            if (_announcing is { } announcing && announcing.Path == path)
            {
                FailSetup(announcing, FtpReply.Of(425, "Can't open data connection: what it is to be has changed meanwhile."));
                continue;
            }
            path.Refused = true; // a transfer that is said now finds no path, here and at the server
            Settle(path, Unused(path));
        }
    }
}
