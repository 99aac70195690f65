using System.Text;

namespace Culvert.Broker.Config;

/// <summary>Reads a configuration file as text: UTF-8, or what its first bytes say.</summary>
internal static class TextFile
{
    /// <summary>Its lines; null: it's longer than that, or never ends.</summary>
    /// <param name="file">Read to its end.</param>
    /// <param name="longest">In bytes.</param>
    public static IReadOnlyList<string>? Read(Stream file, int longest)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[8192];
        while (file.Read(buffer) is var count and > 0)
        {
            if (bytes.Length + count > longest)
                return null;
            bytes.Write(buffer, 0, count);
        }
        bytes.Position = 0;
        var lines = new List<string>();
        using var reader = new StreamReader(bytes, EncodingOf(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)), detectEncodingFromByteOrderMarks: true);
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return lines;
    }

    // XML 1.0, appendix F: without a byte order mark the first character tells, then the declaration. Pure.
    private static Encoding EncodingOf(ReadOnlySpan<byte> text)
    {
        if (text is [(byte)'<', 0, ..])
            return Encoding.Unicode;
        if (text is [0, (byte)'<', ..])
            return Encoding.BigEndianUnicode;
        var declaration = text.StartsWith("<?xml"u8) ? text[..Math.Max(0, text.IndexOf("?>"u8))] : [];
        return declaration.IndexOf("8859-1"u8) >= 0 || declaration.IndexOf("1252"u8) >= 0 ? Encoding.Latin1 : Encoding.UTF8;
    }
}
