using System.Net;
using Culvert.Ftp;

namespace Culvert.Broker.Config;

/// <summary>A tunnel that is wanted: where it leads, and how it behaves.</summary>
public sealed record TunnelConfig(TunnelSpec Spec)
{
    /// <summary>How active mode is carried (FTP only).</summary>
    public ActiveMode Active { get; init; } = ActiveMode.Convert;

    /// <summary>Where the FTP server's data is sought (FTP only).</summary>
    public DataAddress DataAddress { get; init; } = DataAddress.Destination;

    /// <summary>The addresses that a server's 227 may name, for <see cref="DataAddress.Reply"/> (FTP only).</summary>
    public IReadOnlyList<IPNetwork> DataHosts { get; init; } = [];

    /// <summary>The name that the FTP server reads in HOST; null: what the client says (FTP only).</summary>
    public string? FtpHost { get; init; }

    /// <summary>Data listeners choose their ports from here, both ends included; null: any free port (FTP only).</summary>
    public PortRange? PassivePorts { get; init; }

    /// <summary>The address that passive replies name; null: the one at which the control connection arrived (FTP only).</summary>
    public IPAddress? Advertise { get; init; }

    /// <summary>The users of this machine who may connect, by name or number; null: the one who started Culvert, or every one when that is root.</summary>
    public IReadOnlyList<string>? AllowUsers { get; init; }

    /// <summary>Whether the destination is the machine at the far end itself, as far as its name tells.</summary>
    /// <param name="server">The SSH server as the user named it.</param>
    public bool EndsAtFarEnd(string server) => Names.IsLoopback(Spec.DestinationHost)
        || (Spec.Kind == TunnelKind.Local && string.Equals(Spec.DestinationHost, server, StringComparison.OrdinalIgnoreCase));

    /// <summary>It stands in a file: when it can't be had, one warning says so, and the others go on.</summary>
    public bool IsBestEffort { get; init; }

    /// <summary>A tunnel without an address of its own listens on every address, not only on loopback (<c>-g</c>, GatewayPorts).</summary>
    public bool OpenToOthers { get; init; }
}

/// <summary>Ports from <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
public readonly record struct PortRange(int First, int Last)
{
    /// <summary>Reads <c>50000-50100</c>.</summary>
    /// <exception cref="ConfigException">It can't be one.</exception>
    public static PortRange Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && Names.TryParsePort(text.AsSpan(0, dash), 1, out var first)
            && Names.TryParsePort(text.AsSpan(dash + 1), 1, out var last) && first <= last
                ? new(first, last)
                : throw new ConfigException($"Bad port range '{text}'", "the form is first-last, for example 50000-50100");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{First}-{Last}");
}
