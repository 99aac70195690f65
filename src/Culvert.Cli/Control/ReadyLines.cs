using System.Globalization;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.Cli.Terminal;
using Culvert.Net;

namespace Culvert.Cli.Control;

/// <summary>A broker's tunnels in the words of a command that runs its own. Pure.</summary>
internal static class ReadyLines
{
    /// <summary>What can be typed to use a tunnel, or why there is nothing.</summary>
    /// <param name="tunnel">As the broker shows it.</param>
    /// <param name="server">The host of its profile.</param>
    public static string Of(TunnelView tunnel, string server)
    {
        var spec = TunnelSpec.Parse(tunnel.Kind == "remote" ? TunnelKind.Remote : TunnelKind.Local, tunnel.Spec);
        return tunnel.State == "listening"
            ? new OpenTunnel(new TunnelConfig(spec), server, [.. tunnel.Listen.Select(At)]).ReadyLine
            : $"{tunnel.State}: {tunnel.Spec}: {Printable.Line(tunnel.Cause ?? "")}";
    }

    private static Endpoint At(string text)
    {
        var colon = text.LastIndexOf(':');
        return new Endpoint(text[..colon].Trim('[', ']'), int.Parse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
