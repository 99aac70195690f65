using System.Globalization;

namespace Culvert.Broker.Config;

/// <summary>The SSH servers on the way to the one that is meant: <c>[user@]host[:port],…</c>, the nearest first (ProxyJump).</summary>
/// <param name="Hops">At least one.</param>
/// <param name="Before">All but the last, as they were written; null when there is one only.</param>
public sealed record JumpChain(IReadOnlyList<HostSpec> Hops, string? Before)
{
    /// <summary>Reads a chain; null for <c>none</c>.</summary>
    /// <exception cref="ConfigException">It can't be one.</exception>
    internal static JumpChain? Parse(string text, Machine machine)
    {
        if (ValueSyntax.IsNone(text))
            return null;
        var comment = text.IndexOf('#', StringComparison.Ordinal);
        var bare = (comment < 0 ? text : text[..comment]).TrimEnd();
        var hops = bare.Split(',').Select(hop => ParseHop(hop, machine)
            ?? throw new ConfigException($"Invalid ProxyJump \"{text}\"", "the form is [user@]host[:port], several between commas, or none")).ToList();
        var last = text.LastIndexOf(',');
        return new JumpChain(hops, last > 0 ? text[..last] : null);
    }

    /// <summary>The way to the last server.</summary>
    internal JumpChain WithoutLast() => new([.. Hops.SkipLast(1)], Before?.LastIndexOf(',') is > 0 and var comma ? Before[..comma] : null);

    /// <summary>As <c>-G</c> prints it: an address in figures stands in brackets.</summary>
    public override string ToString()
    {
        var last = Hops[^1];
        var host = last.Host.Contains(':', StringComparison.Ordinal) || last.Host.All(c => char.IsAsciiDigit(c) || c == '.') ? $"[{last.Host}]" : last.Host;
        var before = Before is null ? "" : Before + ",";
        return before + (last.User is null ? "" : last.User + "@") + host + (last.Port is { } port ? ":" + port.ToString(CultureInfo.InvariantCulture) : "");
    }

    private static HostSpec? ParseHop(string hop, Machine machine)
    {
        const string scheme = "ssh://";
        var isUri = hop.StartsWith(scheme, StringComparison.Ordinal);
        var text = isUri ? hop[scheme.Length..].TrimEnd('/') : hop;
        string? user = null;
        if ((isUri ? text.IndexOf('@', StringComparison.Ordinal) : text.LastIndexOf('@')) is var at and >= 0)
        {
            user = isUri ? Uri.UnescapeDataString(text[..at].Split(';')[0]) : text[..at];
            text = text[(at + 1)..];
            if (user.Length == 0)
                return null;
        }
        var end = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) + 1 : text.AsSpan().IndexOfAny(':', '/');
        if (end == 0 || (end > 0 && end < text.Length && text[end] != ':'))
            return null;
        end = end < 0 ? text.Length : end;
        var host = text[..end] is ['[', .. var inner, ']'] ? inner : text[..end];
        var portText = end < text.Length ? text[(end + 1)..] : "";
        int? port = portText.Length == 0 ? null : Integers.Port(portText, machine);
        return host.Length > 0 && port is null or > 0 ? new HostSpec(user, host, port) : null;
    }
}
