using System.Net;
using System.Net.Sockets;
using Culvert.Net;

namespace Culvert.Broker.Config;

/// <summary>How values of our own settings are read and printed.</summary>
internal static class OwnValues
{
    /// <summary>A time that something may take: at least a second.</summary>
    public static ValueSyntax<TimeSpan> Limit { get; } = new(
        a => a.Required() is var text && Integers.Time(text) is { } time && time > TimeSpan.Zero ? time : throw new ConfigException("invalid time value.", $"'{text}' is no time to wait; say at least one second"),
        ValueSyntax.Time.Print);

    /// <summary>A time that something may take, or <c>none</c> (also <c>0</c>) for ever.</summary>
    public static ValueSyntax<TimeSpan> LimitOrNone { get; } = new(
        a => ValueSyntax.ReadTime(a) is { } time && time > TimeSpan.Zero ? time : Timeout.InfiniteTimeSpan, ValueSyntax.TimeOrNone.Print);

    /// <summary>How many, at least one.</summary>
    public static ValueSyntax<int?> Count { get; } = new(
        a => ValueSyntax.Number.Read(a) is > 0 and var number ? number : throw new ConfigException("integer value invalid.", "say a number from 1 up"),
        number => number is { } some ? ValueSyntax.Number.Print(some) : []);

    /// <summary>Ports, written <c>50000-50100</c>.</summary>
    public static PortRange Ports(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && Config.Names.TryParsePort(text.AsSpan(0, dash), 1, out var first)
            && Config.Names.TryParsePort(text.AsSpan(dash + 1), 1, out var last) && first <= last
                ? new(first, last)
                : throw new ConfigException($"Bad port range '{text}'", "the form is first-last, for example 50000-50100");
    }

    /// <summary>Names between commas; none may be empty.</summary>
    public static IReadOnlyList<string> Names(string text)
    {
        var names = text.Split(',');
        return names.All(name => name.Length > 0 && !name.Any(char.IsWhiteSpace))
            ? names
            : throw new ConfigException($"Bad list '{text}'", "write names between commas, without blanks");
    }

    /// <summary>Addresses or networks of them between commas. IPv4 only, since a 227 can say nothing else; a name could not be compared with it.</summary>
    public static IReadOnlyList<IPNetwork> Networks(string text) =>
        [.. Names(text).Select(one => IPNetwork.TryParse(one.Contains('/', StringComparison.Ordinal) ? one : one + "/32", out var network) && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork
            ? network
            : throw new ConfigException($"Bad data host '{one}'", "say IPv4 addresses, or networks such as 192.0.2.0/24, between commas"))];

    /// <summary>The same as text; null when there are none.</summary>
    public static string? Text(IReadOnlyList<IPNetwork> networks) => networks.Count == 0 ? null : string.Join(',', networks);

    /// <summary>An address in figures.</summary>
    public static IPAddress Address(string text) =>
        IPAddress.TryParse(text, out var address) ? address : throw new ConfigException($"Bad address '{text}'", "say an IPv4 or IPv6 address, not a name");

    /// <summary>A host that can stand in FTP's HOST.</summary>
    public static string FtpHost(string text) => Config.Names.IsHost(text) && text.All(char.IsAscii)
        ? text
        : throw new ConfigException($"Bad host '{text}'", "say the name by which the FTP server knows the virtual host");
}
