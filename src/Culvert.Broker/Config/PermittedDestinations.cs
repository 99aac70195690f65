using System.Globalization;
using Culvert.Net;

namespace Culvert.Broker.Config;

/// <summary>Where others may have connections made to (PermitRemoteOpen): <c>any</c>, <c>none</c>, or places <c>host:port</c> in which <c>*</c> stands for
/// every port, or for every host. Names are compared as they are written, addresses as addresses. Immutable.</summary>
public sealed record PermittedDestinations
{
    private readonly IReadOnlyList<string> _words;
    private readonly IReadOnlyList<(string Host, int? Port)>? _places;

    private PermittedDestinations(IReadOnlyList<string> words, IReadOnlyList<(string Host, int? Port)>? places) => (_words, _places) = (words, places);

    /// <summary>Everywhere.</summary>
    public static PermittedDestinations Any { get; } = new(["any"], null);

    /// <summary>As it was said.</summary>
    public override string ToString() => string.Join(' ', _words);

    /// <summary>Why a destination may not be had; null when it may.</summary>
    public string? Forbids(Endpoint to) => _places is null || _places.Any(place => Covers(place, to)) ? null : $"PermitRemoteOpen doesn't name {to}";

    /// <inheritdoc/>
    public bool Equals(PermittedDestinations? other) => other is not null && _words.SequenceEqual(other._words);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>Reads the words behind the keyword.</summary>
    /// <exception cref="ConfigException">One can't be meant.</exception>
    internal static PermittedDestinations Read(IReadOnlyList<string> words) => words switch
    {
        ["any"] => Any,
        ["none"] => new(words, []),
        _ when words.FirstOrDefault(word => word is "any" or "none") is { } lonely =>
            throw new ConfigException($"keyword permitremoteopen \"{lonely}\" argument must appear alone.", "write any, none, or places"),
        _ => new(words, [.. words.Select(Place)]),
    };

    private static bool Covers((string Host, int? Port) place, Endpoint to) => (place.Port is null || place.Port == to.Port)
        && (place.Host == "*" || (new Endpoint(place.Host, 0).TryGetAddress(out var address)
            ? to.TryGetAddress(out var wanted) && wanted.Equals(address)
            : place.Host.Equals(to.Host, StringComparison.OrdinalIgnoreCase)));

    private static (string Host, int? Port) Place(string word)
    {
        var colon = word.LastIndexOf(':');
        var host = colon >= 0 ? word[..colon] : word;
        host = host is ['[', .. var inner, ']'] ? inner : host;
        if (host.Length == 0)
            throw Bad(word, "missing host in permitremoteopen");
        if (colon >= 0 && word[(colon + 1)..] == "*")
            return (host, null);
        return colon >= 0 && int.TryParse(word.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? (host, port)
            : throw Bad(word, "bad port number in permitremoteopen");
    }

    private static ConfigException Bad(string word, string complaint) => new(complaint, $"'{word}' isn't host:port; write any, none, or places in which * is every port or host");
}
