using System.Globalization;
using System.Net;
using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>A tunnel that is open: what was asked for, and where it really listens. Immutable.</summary>
/// <param name="Config">What was asked for.</param>
/// <param name="Server">The SSH server as the user named it.</param>
/// <param name="ListenEndpoints">Where it listens, with the ports that were chosen; at least one.</param>
public sealed record OpenTunnel(TunnelConfig Config, string Server, IReadOnlyList<Endpoint> ListenEndpoints)
{
    private TunnelSpec Spec => Config.Spec;

    /// <summary>Type, host and port as a client types them: <c>ftp localhost 1234</c>.</summary>
    public string Typed => string.Create(CultureInfo.InvariantCulture, $"{Word} {TypedHost} {ListenEndpoints[0].Port}");

    /// <summary>The line that says it's up and how it leads on.</summary>
    public string ReadyLine
    {
        get
        {
            var destination = Spec.Type == TunnelType.Socks ? "where each client wants to go" : new Endpoint(Spec.DestinationHost, Spec.DestinationPort).ToString();
            return Spec.Kind == TunnelKind.Local
                ? $"ready: {Typed}   (→ {Server} → {destination})"
                : $"ready: {Typed}   on {Server}   (→ this machine → {destination})";
        }
    }

    /// <summary>What travels in the clear although a tunnel is there, one line each.</summary>
    public IEnumerable<string> ClearLegs()
    {
        var (listening, connecting) = Spec.Kind == TunnelKind.Local ? ("this machine", Server) : (Server, "this machine");
        if (IsOpen)
            yield return string.Create(CultureInfo.InvariantCulture, $"note: clients on other machines reach port {ListenEndpoints[0].Port} of {listening} unencrypted");
        if (Spec.Type == TunnelType.Socks)
            yield return $"note: from {connecting} on connections are encrypted only where they encrypt themselves";
        else if (!Config.EndsAtFarEnd(Server))
            yield return $"note: from {connecting} on to {Spec.DestinationHost} the connection is not encrypted";
    }

    private string Word => Spec.Type switch { TunnelType.Ftp => "ftp", TunnelType.Socks => "socks", _ => "tcp" };

    private bool IsOpen => Spec.Kind == TunnelKind.Remote
        ? Spec.ListenHost is { } host && !Names.IsLoopback(host)
        : ListenEndpoints.Any(endpoint => !endpoint.IsLoopback);

    private string TypedHost => Spec.ListenHost switch
    {
        null when !Config.OpenToOthers || Spec.Kind == TunnelKind.Remote => ListenEndpoints.Count > 1 || Spec.Kind == TunnelKind.Remote ? "localhost" : ListenEndpoints[0].Host,
        null or TunnelSpec.EveryAddress => Spec.Kind == TunnelKind.Local ? Dns.GetHostName() : Server,
        { } host => host,
    };
}
