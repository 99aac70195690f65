using System.Globalization;
using System.Text;

namespace Culvert.Ssh.Wire;

/// <summary>Makes a peer's words fit for a terminal: nothing in them can move the cursor, change colours or reverse the direction of reading.</summary>
internal static class DisplayText
{
    /// <summary>Text of several lines: line feeds and tabs stay, everything else that isn't a visible character becomes <c>\x1B</c> or <c>\u202E</c>.</summary>
    /// <param name="utf8">Any bytes; those that aren't UTF-8 become replacement characters.</param>
    /// <param name="maximumLength">Characters that are kept; what follows becomes an ellipsis.</param>
    public static string Lines(ReadOnlySpan<byte> utf8, int maximumLength)
    {
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, maximumLength * 4)]);
        var shown = new StringBuilder(Math.Min(text.Length, maximumLength));
        for (var i = 0; i < text.Length; i++)
        {
            if (shown.Length >= maximumLength)
                return shown.Append('…').ToString();
            Append(shown, text, i);
        }
        return shown.ToString();
    }

    /// <summary>The same for text that must stay on one line.</summary>
    public static string Line(ReadOnlySpan<byte> utf8, int maximumLength) => Lines(utf8, maximumLength).ReplaceLineEndings(" ").Replace('\t', ' ');

    private static void Append(StringBuilder shown, string text, int index)
    {
        var c = text[index];
        if (c is '\n' or '\t')
        {
            shown.Append(c);
            return;
        }
        if (c == '\r' && index + 1 < text.Length && text[index + 1] == '\n')
            return;
        var visible = char.GetUnicodeCategory(text, index) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse);
        if (visible || char.IsSurrogate(c))
            shown.Append(c);
        else if (c < 0x100)
            shown.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}");
        else
            shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
    }
}
