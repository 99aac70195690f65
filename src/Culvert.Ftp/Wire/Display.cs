using System.Globalization;
using System.Text;

namespace Culvert.Ftp.Wire;

/// <summary>Text from a peer, made fit for a terminal or a log: a name may hold escape sequences, line ends, or bytes that are no text.</summary>
internal static class Display
{
    /// <summary>Longer text is cut: a peer must not fill the log.</summary>
    public const int MaxBytes = 512;

    /// <summary>UTF-8 text stays as it is; control characters, and bytes that are no UTF-8, become <c>\xHH</c>.</summary>
    public static string Escape(ReadOnlySpan<byte> bytes)
    {
        var cut = bytes.Length > MaxBytes;
        if (cut)
            bytes = bytes[..MaxBytes];
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(bytes, out var rune, out var used) == System.Buffers.OperationStatus.Done;
            if (valid && IsPrintable(rune))
                text.Append(rune.ToString());
            else
                foreach (var b in bytes[..used])
                    text.Append(CultureInfo.InvariantCulture, $"\\x{b:X2}");
            bytes = bytes[used..];
        }
        return cut ? text.Append('…').ToString() : text.ToString();
    }

    // Format characters (bidirectional overrides and the like) could make a name look like another one.
    private static bool IsPrintable(Rune rune) => rune.Value != '\\' && Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate);
}
