using System.Globalization;
using Culvert.Net;

namespace Culvert.Broker.Config;

/// <summary>The values that ssh_config knows, read with OpenSSH's words when they're wrong.</summary>
internal static class SettingValue
{
    /// <summary>yes, no, true, false.</summary>
    public static bool Flag(string text) => text.ToUpperInvariant() switch
    {
        "YES" or "TRUE" => true,
        "NO" or "FALSE" => false,
        _ => throw new ConfigException($"unsupported option \"{text}\".", "say yes or no"),
    };

    /// <summary>One of several words, whatever their case.</summary>
    public static T Word<T>(string text, params ReadOnlySpan<(string Word, T Value)> words)
    {
        foreach (var (word, value) in words)
        {
            if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
                return value;
        }
        var all = new List<string>();
        foreach (var (word, _) in words)
            all.Add(word);
        throw new ConfigException($"unsupported option \"{text}\".", "say one of: " + string.Join(", ", all));
    }

    /// <summary>A number in decimal digits.</summary>
    public static int Number(string text, int lowest) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= lowest
            ? number
            : throw new ConfigException("integer value invalid.", string.Create(CultureInfo.InvariantCulture, $"'{text}' isn't a number from {lowest} up"));

    /// <summary>Seconds, or OpenSSH's times: <c>90</c>, <c>1m30s</c>, <c>2h</c>; <c>none</c> is zero.</summary>
    public static TimeSpan Time(string text)
    {
        if (text.Equals("none", StringComparison.OrdinalIgnoreCase))
            return TimeSpan.Zero;
        var total = 0L;
        var number = -1L;
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c) && number < int.MaxValue)
            {
                number = Math.Max(number, 0) * 10 + (c - '0');
                continue;
            }
            var unit = char.ToUpperInvariant(c) switch { 'S' => 1, 'M' => 60, 'H' => 3600, 'D' => 86400, 'W' => 604800, _ => 0 };
            if (unit == 0 || number < 0)
                throw BadTime(text);
            total += number * unit;
            number = -1;
        }
        total += Math.Max(number, 0);
        return text.Length > 0 && total <= int.MaxValue ? TimeSpan.FromSeconds(total) : throw BadTime(text);
    }

    /// <summary>A time that something may take: at least a second.</summary>
    public static TimeSpan Limit(string text) =>
        Time(text) is var time && time > TimeSpan.Zero ? time : throw new ConfigException("invalid time value.", $"'{text}' is no time to wait; say at least one second");

    /// <summary>A time that something may take, or <c>none</c> (also <c>0</c>) for ever.</summary>
    public static TimeSpan LimitOrNone(string text) => Time(text) is var time && time > TimeSpan.Zero ? time : Timeout.InfiniteTimeSpan;

    /// <summary>Ports, written <c>50000-50100</c>.</summary>
    public static PortRange Ports(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && Names.TryParsePort(text.AsSpan(0, dash), 1, out var first)
            && Names.TryParsePort(text.AsSpan(dash + 1), 1, out var last) && first <= last
                ? new(first, last)
                : throw new ConfigException($"Bad port range '{text}'", "the form is first-last, for example 50000-50100");
    }

    /// <summary>A byte count with an optional K, M or G (powers of 1024); <c>default</c> is null.</summary>
    public static long? Bytes(string text)
    {
        if (text.Equals("default", StringComparison.OrdinalIgnoreCase))
            return null;
        var scale = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        var digits = scale == 0 ? text : text[..^1];
        // OpenSSH refuses less than 16 bytes as a limit nobody can mean; a few packets are what keeps a connection usable.
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number << scale is var bytes
            && bytes >> scale == number && bytes >= 16
                ? bytes
                : throw new ConfigException("Bad number '" + text + "'", "say a byte count such as 512M or 1G, or default");
    }

    /// <summary>Names between commas; none may be empty.</summary>
    public static IReadOnlyList<string> List(string text)
    {
        var names = text.Split(',');
        return names.All(name => name.Length > 0 && !name.Any(char.IsWhiteSpace))
            ? names
            : throw new ConfigException($"Bad list '{text}'", "write names between commas, without blanks");
    }

    /// <summary>Words between blanks; double quotes keep blanks together.</summary>
    public static IReadOnlyList<string> Words(string text)
    {
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        var quoted = false;
        var begun = false;
        foreach (var c in text)
        {
            if (c == '"')
            {
                quoted = !quoted;
                begun = true;
            }
            else if (!quoted && c is ' ' or '\t')
            {
                if (begun)
                    words.Add(word.ToString());
                word.Clear();
                begun = false;
            }
            else
            {
                word.Append(c);
                begun = true;
            }
        }
        if (quoted)
            throw new ConfigException("no matching \" found", "close the quotation mark");
        if (begun)
            words.Add(word.ToString());
        return words;
    }

    private static ConfigException BadTime(string text) => new("invalid time value.", $"'{text}' isn't a time such as 15, 90s or 1m30s");
}
