namespace Culvert.Broker.Config;

/// <summary>The patterns of glob(7) in what Include names: <c>*</c>, <c>?</c> and <c>[a-z]</c> within a name, <c>~</c> and <c>~user</c> at the beginning.
/// Names that begin with a dot match only a pattern that does.</summary>
internal static class PathPattern
{
    /// <summary>The files that a pattern names, sorted; none when there is none.</summary>
    /// <param name="pattern">Begins with <c>/</c> or <c>~</c>.</param>
    /// <param name="machine">Knows homes and folders.</param>
    public static IReadOnlyList<string> Find(string pattern, Machine machine)
    {
        var slash = pattern.IndexOf('/', StringComparison.Ordinal);
        if (pattern.StartsWith('~'))
        {
            var user = slash < 0 ? pattern[1..] : pattern[1..slash];
            if ((user.Length == 0 ? machine.Home : machine.HomeOf(user)) is not { } home)
                return [];
            pattern = home.TrimEnd('/') + (slash < 0 ? "" : pattern[slash..]);
        }
        IEnumerable<string> found = [""];
        foreach (var part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            // What holds no pattern is taken as it is: a folder that can't be listed may still be entered.
            found = part.AsSpan().ContainsAny("*?[")
                ? found.SelectMany(folder => machine.List(folder.Length == 0 ? "/" : folder).Where(name => Matches(name, part)).Select(name => $"{folder}/{name}")).ToList()
                : found.Select(folder => $"{folder}/{part.Replace("\\", "", StringComparison.Ordinal)}");
        }
        return [.. found.Where(machine.Exists).Order(StringComparer.Ordinal)];
    }

    private static bool Matches(string name, string pattern) => (name[0] != '.' || pattern[0] == '.') && Matches(name.AsSpan(), pattern);

    private static bool Matches(ReadOnlySpan<char> name, ReadOnlySpan<char> pattern)
    {
        if (pattern.IsEmpty)
            return name.IsEmpty;
        if (pattern[0] == '*')
        {
            for (var taken = 0; taken <= name.Length; taken++)
            {
                if (Matches(name[taken..], pattern[1..]))
                    return true;
            }
            return false;
        }
        if (name.IsEmpty)
            return false;
        if (pattern[0] == '?')
            return Matches(name[1..], pattern[1..]);
        if (pattern[0] == '[' && pattern.Length > 2 && pattern[2..].IndexOf(']') is >= 0 and var end)
            return IsOneOf(name[0], pattern[1..(end + 2)]) && Matches(name[1..], pattern[(end + 3)..]);
        if (pattern[0] == '\\' && pattern.Length > 1)
            pattern = pattern[1..];
        return name[0] == pattern[0] && Matches(name[1..], pattern[1..]);
    }

    private static bool IsOneOf(char c, ReadOnlySpan<char> set)
    {
        var negated = set[0] is '!' or '^';
        if (negated)
            set = set[1..];
        var found = false;
        for (var i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                found |= c >= set[i] && c <= set[i + 2];
                i += 2;
            }
            else
            {
                found |= c == set[i];
            }
        }
        return found != negated;
    }
}
