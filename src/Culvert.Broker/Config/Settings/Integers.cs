using System.Globalization;

namespace Culvert.Broker.Config;

/// <summary>Numbers, ports, times and sizes as OpenSSH reads them.</summary>
internal static class Integers
{
    /// <summary>A number in decimal digits, with blanks and a sign before it where somebody writes them.</summary>
    /// <returns>Null, or OpenSSH's word for what is wrong.</returns>
    public static string? Read(string? text, long lowest, long highest, out long number)
    {
        number = 0;
        if (string.IsNullOrEmpty(text))
            return "missing";
        var digits = text.AsSpan().TrimStart(" \t\r\n\f\v");
        var negative = digits.StartsWith("-");
        if (negative || digits.StartsWith("+"))
            digits = digits[1..];
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
            return "invalid";
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number))
            number = long.MaxValue;
        number = negative ? -number : number;
        return number < lowest ? "too small" : number > highest ? "too large" : null;
    }

    /// <summary>A port from 0 to 65535, or a service's; -1 when it is none.</summary>
    public static int Port(string text, Machine machine) => Read(text, 0, 65535, out var port) is null ? (int)port : machine.PortOf(text) ?? -1;

    /// <summary>Seconds, or numbers with s, m, h, d or w; null when it isn't a time.</summary>
    public static TimeSpan? Time(string text)
    {
        var total = 0L;
        var number = -1L;
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c) && number <= int.MaxValue)
            {
                number = Math.Max(number, 0) * 10 + (c - '0');
                continue;
            }
            var unit = char.ToUpperInvariant(c) switch { 'S' => 1, 'M' => 60, 'H' => 3600, 'D' => 86400, 'W' => 604800, _ => 0 };
            if (unit == 0 || number < 0)
                return null;
            total += number * unit;
            number = -1;
            if (total > int.MaxValue)
                return null;
        }
        total += Math.Max(number, 0);
        return text.Length > 0 && total <= int.MaxValue ? TimeSpan.FromSeconds(total) : null;
    }

    /// <summary>A byte count with an optional fraction and K, M, G, T, P or E (powers of 1024); null when it is none.</summary>
    public static long? Bytes(string text, out string problem)
    {
        problem = "Invalid argument";
        var scale = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'B' => 0, 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, 'P' => 50, 'E' => 60, _ => -1 };
        var digits = scale >= 0 ? text[..^1] : text;
        if (digits.Length == 0 || !decimal.TryParse(digits, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return null;
        try
        {
            return scale < 0 ? (long)decimal.Truncate(number) : (long)decimal.Truncate(number * (1L << scale));
        }
        catch (OverflowException)
        {
            problem = "Numerical result out of range";
            return null;
        }
    }
}
