using System.Globalization;
using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>What OpenSSH says of connections that can't be had or are lost, and a hint each. Pure.</summary>
internal static class LinkMessages
{
    /// <summary>The server can't be reached.</summary>
    public static Message Unreachable(ConnectionConfig config, Failure failure)
    {
        var (host, port) = (config.ConnectHost, config.Port);
        if (failure.Kind == FailureKind.UnknownName)
            return Message.Error($"ssh: Could not resolve hostname {host}: {failure.Text}", "check the name's spelling, or say an address");
        return Message.Error(
            string.Create(CultureInfo.InvariantCulture, $"ssh: connect to host {host} port {port}: {failure.Text}"),
            failure.Kind switch
            {
                FailureKind.Refused => string.Create(CultureInfo.InvariantCulture, $"nothing listens there: is sshd running on {host}, and is its port {port} (-p)?"),
                FailureKind.Timeout => string.Create(CultureInfo.InvariantCulture, $"no answer within {config.ConnectTimeout.TotalSeconds:0} s: a firewall, or a wrong address? (-o ConnectTimeout=seconds waits longer)"),
                FailureKind.Shortage => "raise the limit of open files (ulimit -n)",
                _ => "is the network or VPN up? -4 and -6 try one IP version only",
            });
    }

    /// <summary>The server's key was not accepted; what was wrong with it has been shown.</summary>
    public static Message HostKeyRefused(ConnectionConfig config, string text) => Message.Error(text, config.HostKeyChecking switch
    {
        HostKeyChecking.Ask when config.BatchMode => "BatchMode asks nothing: add the key to known_hosts first, or say -o StrictHostKeyChecking=accept-new",
        HostKeyChecking.Yes => "StrictHostKeyChecking=yes takes known keys only: add it to known_hosts first",
        HostKeyChecking.Ask => "connect from a terminal and compare the fingerprint, or say -o StrictHostKeyChecking=accept-new; a changed key is removed by ssh-keygen -R host",
        _ => "a changed key is removed by ssh-keygen -R host, once you know why it changed",
    });

    /// <summary>Nobody let us in: <c>user@host: Permission denied (publickey,password).</c></summary>
    public static Message PermissionDenied(string text, bool canAsk) => Message.Error(text, canAsk
        ? "name a key with -i, add one to the agent (ssh-add), or check user name and password; -v shows what was tried"
        : "nobody could be asked: load a key into the agent (ssh-add), use a key without passphrase (-i), or --password-file FILE");

    /// <summary>The handshake failed.</summary>
    public static Message HandshakeFailed(ConnectionConfig config, Failure failure) => failure.Kind switch
    {
        FailureKind.Timeout => Message.Error(
            string.Create(CultureInfo.InvariantCulture, $"Connection timed out during banner exchange\nConnection to {config.ConnectHost} port {config.Port} timed out"),
            "something accepts connections there but doesn't speak; -o ConnectTimeout=seconds waits longer"),
        _ => Message.Error(failure.Text, string.Create(CultureInfo.InvariantCulture, $"is {config.ConnectHost} port {config.Port} an SSH server? -v shows how far it went")),
    };

    /// <summary>The link is lost while tunnels ran.</summary>
    public static Message Lost(ConnectionConfig config, Failure failure) => failure.Kind switch
    {
        FailureKind.Timeout => Message.Error(
            $"Timeout, server {config.Host} not responding.",
            string.Create(CultureInfo.InvariantCulture, $"nothing was heard for {config.ServerAliveCountMax} × {config.ServerAliveInterval.TotalSeconds:0} s (ServerAliveInterval, ServerAliveCountMax); start culvert again when the network is back")),
        _ => Message.Error(
            $"Connection to {config.Host} closed by remote host.",
            $"cause: {failure.Text}; start culvert again when the server is back"),
    };

    /// <summary>For FTP clients: why their connection to the FTP server can't be had, and what to do about it.</summary>
    public static string ForFtpClients(string server, TunnelSpec spec, Failure failure)
    {
        var destination = new Endpoint(spec.DestinationHost, spec.DestinationPort);
        var connector = spec.Kind == TunnelKind.Local ? server : "the machine that runs culvert";
        return failure.Kind switch
        {
            FailureKind.Prohibited when spec.Kind == TunnelKind.Local =>
                $"{failure.Text}: {server} forbids the tunnel to {destination} (AllowTcpForwarding or PermitOpen in its sshd_config)",
            FailureKind.Refused => $"{failure.Text}: is an FTP server running at {destination}, as seen from {connector}?",
            FailureKind.Unreachable or FailureKind.UnknownName => $"{failure.Text}: {connector} can't reach {destination}",
            FailureKind.Timeout => $"{failure.Text}: {destination} does not answer {connector}",
            FailureKind.NetworkLost => $"the SSH connection to {server} is lost: {failure.Text}",
            _ => failure.Text,
        };
    }
}
