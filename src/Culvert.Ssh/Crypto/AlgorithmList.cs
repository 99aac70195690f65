using System.IO.Enumeration;

namespace Culvert.Ssh.Crypto;

/// <summary>A list of algorithms as users of OpenSSH write one, and what became of its names.</summary>
/// <param name="Names">What can be offered, in order. Empty: nothing is left, which no connection can do without.</param>
/// <param name="Old">Names from the age of SHA-1 (CBC, MD5, RC4, DSA …). They were skipped; that deserves one warning.</param>
/// <param name="Unsupported">Sound algorithms that only OpenSSH's own engine speaks. They were skipped as well.</param>
/// <param name="Unknown">Names that nobody knows: typing errors.</param>
public sealed record AlgorithmList(
    IReadOnlyList<string> Names, IReadOnlyList<string> Old, IReadOnlyList<string> Unsupported, IReadOnlyList<string> Unknown)
{
    /// <summary>Reads <c>a,b</c> (these), <c>+a,b</c> (the defaults, then these), <c>^a,b</c> (these, then the other defaults) and
    /// <c>-a,b</c> (the defaults without these), with <c>*</c> and <c>?</c> as wildcards (ssh_config(5)).</summary>
    /// <param name="kind">Which table the names are from.</param>
    /// <param name="text">The list.</param>
    /// <param name="defaults">What <c>+</c>, <c>-</c> and <c>^</c> start from; all that the engine speaks when null.</param>
    public static AlgorithmList Parse(AlgorithmKind kind, string text, IReadOnlyList<string>? defaults = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var all = Algorithms.Of(kind);
        defaults ??= all;
        var sign = text.Length > 0 && text[0] is '+' or '-' or '^' ? text[0] : ' ';
        var patterns = text[(sign == ' ' ? 0 : 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        // OpenSSH doesn't ask whether what is to be removed exists.
        if (sign == '-')
            return new([.. defaults.Where(name => !IsListed(name, patterns))], [], [], []);

        List<string> named = [], old = [], unsupported = [], unknown = [];
        foreach (var pattern in patterns)
        {
            var matching = all.Where(name => Matches(pattern, name) && IsListed(name, patterns)).ToArray();
            if (matching.Length > 0)
                named.AddRange(matching);
            else if (Algorithms.IsOld(pattern))
                old.Add(pattern);
            else if (Algorithms.IsSpokenElsewhere(pattern))
                unsupported.Add(pattern);
            else
                unknown.Add(pattern);
        }
        IEnumerable<string> names = sign switch
        {
            '+' => defaults.Concat(named),
            '^' => named.Concat(defaults),
            _ => named,
        };
        return new([.. names.Distinct(StringComparer.Ordinal)], old, unsupported, unknown);
    }

    /// <summary>Whether one of the patterns matches and none of those with an exclamation mark does.</summary>
    private static bool IsListed(string name, string[] patterns) =>
        patterns.Any(pattern => Matches(pattern, name)) && !patterns.Any(pattern => pattern.StartsWith('!') && Matches(pattern[1..], name));

    /// <summary>Without the names that certificates give to signature algorithms: an authority's own signature has the plain name.</summary>
    public AlgorithmList WithoutCertificates() => this with { Names = [.. Names.Where(name => !CertificateNames.IsCertificate(name))] };

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
