using System.Globalization;
using System.Text;

namespace Culvert.Cli.Terminal;

/// <summary>Makes text from elsewhere (file names, banners, host names) safe to show on a terminal and unambiguous in a line of a log.</summary>
internal static class Printable
{
    /// <summary>The text with control characters, line and paragraph separators and direction marks written as <c>\n</c>, <c>\x1b</c>, <c>\u202e</c>.</summary>
    public static string Line(string text) => Escaped(text, quoted: false);

    /// <summary>The same for text that will stand between quotation marks: those, and backslashes, get a backslash.</summary>
    public static string Name(string text) => Escaped(text, quoted: true);

    private static string Escaped(string text, bool quoted)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '\n': shown.Append("\\n"); break;
                case '\r': shown.Append("\\r"); break;
                case '\t': shown.Append("\\t"); break;
                case '"' or '\\' when quoted: shown.Append('\\').Append((char)rune.Value); break;
                case < 0x20 or (>= 0x7f and < 0xa0): shown.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"); break;
                default:
                    if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                        shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
                    else
                        shown.Append(rune);
                    break;
            }
        }
        return shown.ToString();
    }

    /// <summary>How many columns the text takes, nearly: what lies beyond the alphabets and the signs counts two, so that a line errs towards too short.</summary>
    public static int Columns(string text)
    {
        var columns = 0;
        foreach (var rune in text.EnumerateRunes())
            columns += Width(rune);
        return columns;
    }

    /// <summary>The text in at most so many columns; what was cut off is shown as an ellipsis.</summary>
    public static string Cut(string text, int columns)
    {
        if (Columns(text) <= columns)
            return text;
        var shown = new StringBuilder();
        var used = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            used += Width(rune);
            if (used > columns)
                break;
            shown.Append(rune);
        }
        return columns > 0 ? shown.Append('…').ToString() : "";
    }

    // Korean begins at U+1100, Chinese and Japanese at U+2E80; between them lie narrow alphabets, punctuation and arrows.
    private static int Width(Rune rune) => rune.Value is < 0x1100 or (>= 0x1200 and < 0x2E80) ? 1 : 2;
}
