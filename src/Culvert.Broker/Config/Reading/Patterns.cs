namespace Culvert.Broker.Config;

/// <summary>The patterns of ssh_config(5): <c>*</c>, <c>?</c>, lists between commas, and <c>!</c> before what must not match. Case counts.</summary>
internal static class Patterns
{
    /// <summary>Whether the whole text matches.</summary>
    public static bool Matches(ReadOnlySpan<char> text, ReadOnlySpan<char> pattern)
    {
        // Of several stars only the last one passed needs to be remembered: whatever it takes more, the earlier ones need not.
        var (at, in_, star, mark) = (0, 0, -1, 0);
        while (at < text.Length)
        {
            if (in_ < pattern.Length && pattern[in_] == '*')
            {
                (star, mark) = (in_++, at);
            }
            else if (in_ < pattern.Length && (pattern[in_] == '?' || pattern[in_] == text[at]))
            {
                in_++;
                at++;
            }
            else if (star >= 0)
            {
                in_ = star + 1;
                at = ++mark;
            }
            else
            {
                return false;
            }
        }
        return pattern[in_..].Trim('*').IsEmpty;
    }

    /// <summary>Whether one of a list matches and no negated one does.</summary>
    public static bool MatchesList(string text, string list)
    {
        var positive = false;
        foreach (var entry in list.Split(','))
        {
            var negated = entry.StartsWith('!');
            if (!Matches(text, entry.AsSpan(negated ? 1 : 0)))
                continue;
            if (negated)
                return false;
            positive = true;
        }
        return positive;
    }

    /// <summary>The same for host names and keywords, whose case doesn't count.</summary>
    public static bool MatchesListOfNames(string text, string list) => MatchesList(text.ToLowerInvariant(), list.ToLowerInvariant());
}
