using System.Globalization;
using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>What OpenSSH says of forwards that can't be had (channels.c, ssh.c), letter by letter, since people search for it and scripts match it;
/// and a hint each. Pure.</summary>
internal static class ForwardMessages
{
    /// <summary>One address couldn't be listened on: <c>bind [127.0.0.1]:1234: Address already in use</c>.</summary>
    public static string Bind(Endpoint at, Failure failure) => string.Create(CultureInfo.InvariantCulture, $"bind [{Shown(at.Host)}]:{at.Port}: {failure.Text}");

    /// <summary>None of a local forward's addresses could be listened on.</summary>
    public static Message LocalRefused(IReadOnlyList<(Endpoint At, Failure Failure)> failures)
    {
        var (at, failure) = failures[0];
        var lines = failures.Select(refused => Bind(refused.At, refused.Failure))
            .Append(string.Create(CultureInfo.InvariantCulture, $"channel_setup_fwd_listener_tcpip: cannot listen to port: {at.Port}"))
            .Append("Could not request local forwarding.");
        return Message.Error(string.Join('\n', lines), LocalHint(at, failure));
    }

    /// <summary>One of the two loopback addresses couldn't be listened on; the other serves.</summary>
    public static Message OneFamilyMissing(Endpoint at, Failure failure, Endpoint serving) => Message.Warning(
        Bind(at, failure),
        failure.Kind == FailureKind.InUse
            ? $"another program has that address: connect to {serving.Host}, not to localhost"
            : $"only {serving} serves; connect to that when localhost doesn't work");

    /// <summary>The server didn't grant a remote forward.</summary>
    public static Message RemoteRefused(TunnelSpec spec, Failure failure, bool strict)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{(strict ? "Error" : "Warning")}: remote port forwarding failed for listen port {spec.ListenPort}");
        var hint = failure.Kind switch
        {
            FailureKind.NetworkLost => failure.Text,
            _ when spec.ListenPort is > 0 and < 1024 => "on the server only root may listen on ports below 1024; choose a higher one",
            _ when spec.ListenPort == 0 => "the server forbids it (AllowTcpForwarding, PermitListen, DisableForwarding in its sshd_config)",
            _ => string.Create(CultureInfo.InvariantCulture, $"port {spec.ListenPort} is taken on the server, or its sshd_config forbids it (AllowTcpForwarding, PermitListen)"),
        };
        return strict ? Message.Error(text, hint) : Message.Warning(text, hint);
    }

    /// <summary>The server chose a port.</summary>
    public static Message Allocated(TunnelSpec spec, int port) => Message.Note(
        string.Create(CultureInfo.InvariantCulture, $"Allocated port {port} for remote forward to {(spec.Type == TunnelType.Socks ? "socks" : spec.DestinationHost)}:{spec.DestinationPort}"));

    /// <summary>A client came in, and its destination couldn't be had.</summary>
    /// <param name="tunnel">Where it came in.</param>
    /// <param name="to">Where it wanted to go; null when it didn't say.</param>
    /// <param name="failure">Why it couldn't.</param>
    public static Message OpenFailed(OpenTunnel tunnel, Endpoint? to, Failure failure)
    {
        if (to is not { } destination)
            return Message.Warning($"{tunnel.Typed}: {failure.Text}", "only SOCKS clients can use this port");
        var spec = tunnel.Config.Spec with { DestinationHost = destination.Host, DestinationPort = destination.Port };
        var where = tunnel.Config.Spec.Type == TunnelType.Socks ? $" (to {destination})" : "";
        var text = failure.Text.StartsWith("open failed", StringComparison.Ordinal) ? failure.Text : "open failed: connect failed: " + failure.Text;
        return Message.Warning($"{tunnel.Typed}{where}: {text}", LinkMessages.WhyNot(tunnel.Server, spec, failure));
    }

    /// <summary>The destination of <c>-W</c> couldn't be had.</summary>
    public static Message StdioFailed(string server, Endpoint to, Failure failure) => Message.Error(
        $"{failure.Text}\nstdio forwarding failed", LinkMessages.WhyNot(server, new TunnelSpec(TunnelKind.Local, TunnelType.Tcp, null, 0, to.Host, to.Port), failure));

    private static string LocalHint(Endpoint at, Failure failure) => failure.Kind switch
    {
        FailureKind.InUse => string.Create(CultureInfo.InvariantCulture, $"another program listens there (ss -ltnp 'sport = :{at.Port}' names it); choose another port, or 0 for any free one"),
        FailureKind.Prohibited when at.Port < 1024 =>
            "ports below 1024 need a right: choose a higher one, or give it by setcap cap_net_bind_service=+ep on the program, or by a socket unit",
        FailureKind.Unreachable => $"no interface of this machine has the address {Shown(at.Host)}",
        FailureKind.UnknownName => "an address to listen on is best written in figures",
        FailureKind.Shortage => "raise the limit of open files (ulimit -n)",
        _ => "choose another port, or 0 for any free one",
    };

    private static string Shown(string host) => host is "" or TunnelSpec.EveryAddress ? "*" : host;
}
