using Culvert.Net;
using Culvert.Ssh.Wire;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Connection;

/// <summary>What a server may ask of its client: to take a connection that came in on a port it holds open for us, and nothing else.</summary>
internal sealed class ClientConnectionRole(Multiplexer multiplexer, RemoteListeners listeners, HostKeyRotation? hostKeys, ILogger logger) : IConnectionRole
{
    // forwarded-tcpip (RFC 4254 §7.2)
    // string    address that was connected
    // uint32    port that was connected
    // string    originator IP address
    // uint32    originator port
    public void Open(in IncomingOpen open, ref SshReader specific)
    {
        if (open.Type != "forwarded-tcpip")
        {
            Log.OpenRefused(logger, open.Type, "unknown channel type");
            multiplexer.Refuse(open, OpenReason.UnknownChannelType, $"unknown channel type {open.Type}");
            return;
        }
        var connected = new Endpoint(specific.DisplayText("address that was connected"), ChannelMessages.Port(ref specific, "port that was connected"));
        var originator = new Endpoint(specific.DisplayText("originator address"), ChannelMessages.Port(ref specific, "originator port"));
        if (listeners.Find(connected) is { } listener)
        {
            listener.Open(open, originator);
            return;
        }
        Log.OpenRefused(logger, open.Type, connected.ToString());
        multiplexer.Refuse(open, OpenReason.AdministrativelyProhibited, "nothing was forwarded from there");
    }

    /// <summary><c>keepalive@openssh.com</c> wants any answer, <c>hostkeys-00@openssh.com</c> wants none and is heard where keys may be learnt: as with OpenSSH, what
    /// isn't known fails.</summary>
    public ValueTask RequestAsync(string name, bool wantsReply, ReadOnlyMemory<byte> specific, CancellationToken cancellationToken)
    {
        if (name == HostKeyRotation.Announcement)
            hostKeys?.Announced(multiplexer, specific.Span);
        if (wantsReply)
            multiplexer.Reply(ChannelMessages.RequestFailure());
        return ValueTask.CompletedTask;
    }

    public void Lost(Failure failure) => listeners.Lost(failure);
}
