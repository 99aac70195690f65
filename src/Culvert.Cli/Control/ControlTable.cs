using System.Globalization;
using System.Text;
using System.Text.Json;
using Culvert.Cli.Terminal;

namespace Culvert.Cli.Control;

/// <summary>Shows answers of the control API to people and to simple programs. Pure.</summary>
internal static class ControlTable
{
    /// <summary>As wide as a key's fingerprint, which is of no use in part.</summary>
    private const int NarrowColumn = 50;

    /// <summary>A list, a line an entry.</summary>
    /// <param name="entries">The list.</param>
    /// <param name="columns">The fields to show.</param>
    /// <param name="isShort">Fields between tabs, and no headings.</param>
    /// <param name="isWide">Nothing is cut off.</param>
    public static string List(JsonElement entries, IReadOnlyList<string> columns, bool isShort, bool isWide)
    {
        var rows = entries.EnumerateArray().Select(entry => columns.Select(column => Text(entry.GetProperty(column), isShort)).ToArray()).ToList();
        if (isShort)
            return string.Concat(rows.Select(row => string.Join('\t', row.Select(cell => cell.Replace('\t', ' '))) + "\n"));
        if (rows.Count == 0)
            return "(none)\n";
        rows.Insert(0, [.. columns.Select(Heading)]);
        var widths = columns.Select((_, i) => rows.Max(row => Math.Min(row[i].Length, isWide ? int.MaxValue : NarrowColumn))).ToArray();
        return string.Concat(rows.Select(row => string.Join("  ", row.Select((cell, i) => Fit(cell, widths[i]))).TrimEnd() + "\n"));
    }

    /// <summary>One thing, a line a field.</summary>
    public static string Fields(JsonElement thing, bool isShort)
    {
        var text = new StringBuilder();
        foreach (var field in thing.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var inner in field.Value.EnumerateObject())
                    Line($"{field.Name}.{inner.Name}", inner.Value);
            }
            else
            {
                Line(field.Name, field.Value);
            }
        }
        return text.ToString();

        void Line(string name, JsonElement value) =>
            text.Append(isShort ? $"{name}\t{Text(value, isShort)}\n" : string.Create(CultureInfo.InvariantCulture, $"{Heading(name) + ":",-24} {Text(value, isShort)}\n"));
    }

    /// <summary>The lines of a value, as they are: scripts read them.</summary>
    public static string Lines(JsonElement value) => string.Concat(value.GetProperty("lines").EnumerateArray().Select(line => Printable.Line(line.GetString()!) + "\n"));

    /// <summary>A value.</summary>
    private static string Text(JsonElement value, bool isShort) => value.ValueKind switch
    {
        JsonValueKind.Null => isShort ? "" : "-",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array => string.Join(' ', value.EnumerateArray().Select(entry => Text(entry, isShort))),
        JsonValueKind.String when !isShort && value.TryGetDateTimeOffset(out var time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        JsonValueKind.String => Printable.Line(value.GetString()!.ReplaceLineEndings("; ")),
        _ => value.GetRawText(),
    };

    private static string Heading(string name) => string.Concat(name.Select((c, i) => char.IsAsciiLetterUpper(c) ? " " + char.ToLowerInvariant(c) : i == 0 ? char.ToUpperInvariant(c).ToString() : c.ToString()));

    private static string Fit(string text, int width) => text.Length > width ? text[..(width - 1)] + "…" : text.PadRight(width);
}
