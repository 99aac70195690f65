using System.Globalization;
using Culvert.Broker.Config;
using Culvert.Net;
using Culvert.Ssh.Trust;

namespace Culvert.Broker.Runtime;

/// <summary>What OpenSSH says of connections that can't be had or are lost, and a hint each. Pure.</summary>
internal static class LinkMessages
{
    /// <summary>No connection came about.</summary>
    /// <param name="config">What was wanted.</param>
    /// <param name="failure">The engine's words, which are OpenSSH's without the program's name.</param>
    public static Message Unreachable(ConnectionConfig config, Failure failure)
    {
        var (host, port) = (config.ConnectHost, config.Port);
        var isFirstStep = failure.Text.StartsWith("connect to host", StringComparison.Ordinal) || failure.Text.StartsWith("Could not resolve", StringComparison.Ordinal);
        return Message.Error((isFirstStep ? "ssh: " : "") + failure.Text, failure.Kind switch
        {
            FailureKind.UnknownName => "check the name's spelling, or say an address",
            FailureKind.Refused => string.Create(CultureInfo.InvariantCulture, $"nothing listens there: is sshd running on {host}, and is its port {port} (-p)?"),
            FailureKind.Timeout => string.Create(CultureInfo.InvariantCulture, $"no answer within {config.ConnectTimeout.TotalSeconds:0} s: a firewall, a wrong address, or something that isn't sshd? (-o ConnectTimeout=seconds waits longer)"),
            FailureKind.Shortage => "raise the limit of open files (ulimit -n)",
            _ when isFirstStep => "is the network or VPN up? -4 and -6 try one IP version only",
            _ => string.Create(CultureInfo.InvariantCulture, $"is {host} port {port} an SSH server? -v shows how far it went"),
        });
    }

    /// <summary>The server's key was not accepted; what was wrong with it has been shown.</summary>
    public static Message HostKeyRefused(ConnectionConfig config, string text, bool changed) => Message.Error(text, config.HostKeyChecking switch
    {
        _ when changed => "find out why the key changed; only then remove the old one with the ssh-keygen command above",
        HostKeyChecking.Yes => "StrictHostKeyChecking=yes takes known keys only: add the server's to known_hosts first",
        HostKeyChecking.Ask when config.BatchMode => "BatchMode asks nothing: add the server's key to known_hosts first, or say -o StrictHostKeyChecking=accept-new",
        HostKeyChecking.Ask => "connect from a terminal and compare the fingerprint, or say -o StrictHostKeyChecking=accept-new",
        _ => "the server's key can't be trusted",
    });

    /// <summary>Nobody let us in: <c>user@host: Permission denied (publickey,password).</c></summary>
    public static Message PermissionDenied(string text, bool canAsk) => Message.Error(text, canAsk
        ? "name a key with -i, add one to the agent (ssh-add), or check user name and password; -v shows what was tried"
        : "nobody could be asked: load a key into the agent (ssh-add), use a key without passphrase (-i), or --password-file FILE");

    /// <summary>The link is lost while tunnels ran.</summary>
    public static Message Lost(ConnectionConfig config, Failure failure) => failure.Text.StartsWith("Timeout, server", StringComparison.Ordinal)
        ? Message.Error(failure.Text, string.Create(CultureInfo.InvariantCulture,
            $"{config.ServerAliveCountMax} questions, {config.ServerAliveInterval.TotalSeconds:0} s apart, had no answer (ServerAliveCountMax, ServerAliveInterval); start culvert again when the network is back"))
        : Message.Error($"Connection to {config.Host} closed by remote host.", $"cause: {failure.Text}; start culvert again when the server is back");

    /// <summary>The link is lost, and will be made again.</summary>
    public static Message Restoring(ConnectionConfig config, string cause) =>
        Message.Warning($"Connection to {config.Host} is lost: {cause}", "the ports stay open; it's being restored (kill -USR1 tries at once)");

    /// <summary>Another attempt failed.</summary>
    public static Message StillAway(ConnectionConfig config, string cause, TimeSpan away) =>
        Message.Note(string.Create(CultureInfo.InvariantCulture, $"Connection to {config.Host} is still being restored, for {away.TotalSeconds:0} s now: {cause}"));

    /// <summary>The link is there again.</summary>
    public static Message Back(ConnectionConfig config) => Message.Note($"Connection to {config.Host} is restored");

    /// <summary>For FTP clients: why their connection to the FTP server can't be had, and what to do about it.</summary>
    public static string ForFtpClients(string server, TunnelSpec spec, Failure failure) => failure.Kind == FailureKind.NetworkLost
        ? $"there is no SSH connection to {server}: {failure.Text}"
        : WhyNot(server, spec, failure) is { } why ? $"{failure.Text}: {why}" : failure.Text;

    /// <summary>Why a tunnel's destination can't be had, in one line; null when the failure says all there is to say.</summary>
    public static string? WhyNot(string server, TunnelSpec spec, Failure failure)
    {
        var destination = new Endpoint(spec.DestinationHost, spec.DestinationPort);
        var connector = spec.Kind == TunnelKind.Local ? server : "the machine that runs culvert";
        var what = spec.Type == TunnelType.Ftp ? "an FTP server" : "something";
        return failure.Kind switch
        {
            FailureKind.Prohibited when spec.Kind == TunnelKind.Local => $"{server} forbids the tunnel to {destination} (AllowTcpForwarding or PermitOpen in its sshd_config)",
            FailureKind.Refused => $"is {what} running at {destination}, as seen from {connector}?",
            FailureKind.Unreachable or FailureKind.UnknownName => $"{connector} can't reach {destination}",
            FailureKind.Timeout => $"{destination} does not answer {connector}",
            _ => null,
        };
    }
}
