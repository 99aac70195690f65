using Culvert.Demo.Dialogue;
using Culvert.Net;

namespace Culvert.Demo.FtpServer;

/// <summary>PASV, EPSV, PORT, EPRT (RFC 959, RFC 2428): what agrees on the next data connection. Holds at most one that isn't used yet.</summary>
/// <param name="network">Where data connections are made.</param>
/// <param name="control">Who is on the control connection. PORT and EPRT may name that address only (RFC 2577: no bounce).</param>
/// <param name="local">The control connection's own end: passive ports open on its address.</param>
/// <param name="ports">Told of open ports.</param>
internal sealed class DataCommands(INetwork network, Peer control, Endpoint local, OpenPorts ports) : IAsyncDisposable
{
    /// <summary>Ports below belong to services of the system (RFC 2577 §3).</summary>
    private const int FirstUnprivilegedPort = 1024;

    private static readonly Reply SyntaxError = new(501, "Syntax error in the argument.");

    private DataDoor? _door;
    private bool _onlyExtendedPassive;

    /// <summary>The reply to a command, or null if it isn't one of these.</summary>
    public async ValueTask<Reply?> ExecuteAsync(FtpCommand command, CancellationToken cancellationToken)
    {
        if (command.Verb is not ("PASV" or "EPSV" or "PORT" or "EPRT")) return null;
        if (command.Verb == "EPSV" && command.Argument.Equals("ALL", StringComparison.OrdinalIgnoreCase))
        {
            _onlyExtendedPassive = true;
            return new(200, "EPSV ALL: no other way from now on.");
        }
        if (_onlyExtendedPassive && command.Verb != "EPSV") return new(503, "Only EPSV after EPSV ALL.");
        await ForgetAsync(); // a new agreement replaces an unused one
        return command.Verb switch
        {
            "PASV" => await PassiveAsync(command.Argument, cancellationToken),
            "EPSV" => await ExtendedPassiveAsync(command.Argument, cancellationToken),
            "PORT" => AddressText.TryParseSix(command.Argument, out var port) ? Active(port) : SyntaxError,
            _ => ExtendedActive(command.Argument),
        };
    }

    /// <summary>Takes the agreed data connection, which can be used once. The taker owns it.</summary>
    public DataDoor? Take()
    {
        var door = _door;
        _door = null;
        return door;
    }

    /// <summary>REIN and ABOR: nothing is agreed.</summary>
    public async ValueTask ForgetAsync()
    {
        if (Take() is { } door) await door.DisposeAsync();
    }

    /// <summary>REIN: EPSV ALL is forgotten too.</summary>
    public ValueTask ResetAsync()
    {
        _onlyExtendedPassive = false;
        return ForgetAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ForgetAsync();

    private async ValueTask<Reply> PassiveAsync(string argument, CancellationToken cancellationToken)
    {
        if (argument.Length > 0) return SyntaxError;
        if (AddressText.IsIPv6(local)) return new(425, "PASV can't name an IPv6 address; use EPSV.");
        return await ListenAsync(cancellationToken) is { } at
            ? new(227, $"Entering Passive Mode ({AddressText.Six(at)}).")
            : new(425, "Can't open a passive port.");
    }

    private async ValueTask<Reply> ExtendedPassiveAsync(string argument, CancellationToken cancellationToken)
    {
        string own = AddressText.IsIPv6(local) ? "2" : "1";
        if (argument is not ("" or "1" or "2")) return argument.Length > 0 && argument.All(char.IsAsciiDigit) ? OtherFamily(own) : SyntaxError;
        if (argument.Length > 0 && argument != own) return OtherFamily(own);
        return await ListenAsync(cancellationToken) is { } at
            ? new(229, $"Entering Extended Passive Mode (|||{at.Port}|)")
            : new(425, "Can't open a passive port.");
    }

    private async ValueTask<Endpoint?> ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            var door = await ListeningDoor.OpenPortAsync(network, local.Host, control, ports, cancellationToken);
            _door = door;
            return door.Endpoint;
        }
        catch (NetworkException)
        {
            return null; // the reply says so
        }
    }

    private Reply ExtendedActive(string argument) =>
        AddressText.TryParseExtended(argument, out var to, out bool knownFamily) ? Active(to)
        : knownFamily ? SyntaxError
        : new(522, "Network protocol not supported, use (1,2)");

    private Reply Active(Endpoint to)
    {
        // Who it is that commands must be known, and must be who listens there: an unknown peer has no active mode.
        if (control.Knowledge == AddressKnowledge.Unknown || to.Host != control.Address.Host) return new(500, "That address is not yours.");
        if (to.Port < FirstUnprivilegedPort) return new(504, "That port is not allowed.");
        _door = new ConnectingDoor(network, to, local.WithPort(0));
        return new(200, "Will connect there.");
    }

    private static Reply OtherFamily(string own) => new(522, $"Network protocol not supported, use ({own})");
}
