using System.Buffers;

namespace Culvert.Broker.Config;

/// <summary>One line of a configuration, as it stands there; what it means is the table's affair.</summary>
/// <param name="File">The file's name as OpenSSH would print it; <c>command-line</c> for <c>-o</c>.</param>
/// <param name="Line">From 1; 0 on the command line.</param>
/// <param name="Keyword">In lower case.</param>
/// <param name="Rest">All that follows the keyword, as it was written.</param>
/// <param name="Words">The same, split at blanks, with quotes and escapes taken away and a comment cut off; null when a quote isn't closed.</param>
internal sealed record Directive(string File, int Line, string Keyword, string Rest, IReadOnlyList<string>? Words)
{
    private const string Blanks = " \t\r\n";

    private static readonly SearchValues<char> TokenEnds = SearchValues.Create(Blanks + "\"=");

    /// <summary>Reads one line: <c>keyword value</c>, <c>keyword=value</c> or <c>keyword = value</c>. Null: it is blank or a comment.</summary>
    /// <exception cref="ConfigException">A keyword without a value.</exception>
    public static Directive? Read(string file, int line, string text)
    {
        // A form feed may stand at the end of a line, but not make one.
        string? rest = text.Length > 1 ? text[0] + text[1..].TrimEnd([.. Blanks, '\f']) : text;
        var keyword = NextToken(ref rest);
        if (keyword is "")
            keyword = NextToken(ref rest); // what came before it was blanks
        if (string.IsNullOrEmpty(keyword) || keyword[0] == '#')
            return null;
        keyword = keyword.ToLowerInvariant();
        rest = rest?.TrimStart([.. Blanks]);
        return string.IsNullOrEmpty(rest)
            ? throw new ConfigException($"no argument after keyword \"{keyword}\"", $"{keyword} needs a value")
            : new Directive(file, line, keyword, rest, Split(rest));
    }

    /// <summary>A setting whose value is one word, whatever it holds: what an option letter says.</summary>
    public static Directive OfWord(string keyword, string value) => new("command-line", 0, keyword.ToLowerInvariant(), value, [value]);

    /// <summary>Puts file and line before a mistake.</summary>
    public ConfigException At(ConfigException mistake) => new([.. mistake.Lines.Select(line => $"{File} line {Line}: {line}")], mistake.Hint);

    /// <summary>The next word up to a blank or one <c>=</c>; double quotes keep blanks together. This older rule holds for keywords and for
    /// the criteria of Match. Null: there is none, or its quote isn't closed.</summary>
    public static string? NextToken(ref string? rest)
    {
        if (rest is null)
            return null;
        var text = rest;
        var end = text.AsSpan().IndexOfAny(TokenEnds);
        if (end < 0)
        {
            rest = null;
            return text;
        }
        if (text[end] == '"')
        {
            var close = text.IndexOf('"', end + 1);
            rest = close < 0 ? null : text[(close + 1)..].TrimStart([.. Blanks]);
            return close < 0 ? null : string.Concat(text.AsSpan(0, end), text.AsSpan(end + 1, close - end - 1));
        }
        rest = text[(end + 1)..].TrimStart([.. Blanks]);
        if (text[end] != '=' && rest.StartsWith('='))
            rest = rest[1..].TrimStart([.. Blanks]);
        return text[..end];
    }

    /// <summary>Words between blanks. Single and double quotes keep blanks together, a backslash takes the meaning from a quote, a backslash
    /// and, outside of quotes, a blank; <c>#</c> at the beginning of a word ends the line. Null: a quote isn't closed.</summary>
    public static IReadOnlyList<string>? Split(string text)
    {
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is ' ' or '\t')
                continue;
            if (text[i] == '#')
                break;
            word.Clear();
            var quote = '\0';
            for (; i < text.Length && (quote != 0 || text[i] is not (' ' or '\t')); i++)
            {
                var next = i + 1 < text.Length ? text[i + 1] : '\0';
                if (text[i] == '\\' && (next is '\'' or '"' or '\\' || (next == ' ' && quote == 0)))
                    word.Append(text[++i]);
                else if (quote == 0 && text[i] is '"' or '\'')
                    quote = text[i];
                else if (quote != 0 && text[i] == quote)
                    quote = '\0';
                else
                    word.Append(text[i]);
            }
            if (quote != 0)
                return null;
            words.Add(word.ToString());
        }
        return words;
    }
}
