using System.Globalization;
using Culvert.Ssh.Crypto;

namespace Culvert.Broker.Config;

/// <summary>How values of a kind are read from a line and printed by <c>-G</c>. Every mistake is OpenSSH's sentence.</summary>
/// <param name="Read">Takes the words that belong to the value.</param>
/// <param name="Print">The lines to print; none when there is nothing to say.</param>
internal sealed record ValueSyntax<T>(Func<Arguments, T> Read, Func<T, IEnumerable<string>> Print);

/// <summary>The kinds of values that ssh_config knows.</summary>
internal static class ValueSyntax
{
    private const string Unset = "none";

    /// <summary>yes, no, true, false.</summary>
    public static ValueSyntax<bool> Flag { get; } = Word(("yes", true), ("no", false), ("true", true), ("false", false));

    /// <summary>One word, whatever it says.</summary>
    public static ValueSyntax<string?> Text { get; } = new(a => a.Required(), Line);

    /// <summary>The rest of the line, for a shell; <c>none</c> says that there is none.</summary>
    public static ValueSyntax<string?> Command { get; } = new(a => a.Verbatim(), text => IsNone(text) ? [] : Line(text));

    /// <summary>A word that <c>none</c> takes away again.</summary>
    public static ValueSyntax<string?> TextOrNone { get; } = new(a => a.Required(), text => IsNone(text) ? [] : Line(text));

    /// <summary>A number from 0 up.</summary>
    public static ValueSyntax<int> Number { get; } = new(
        a => Integers.Read(a.Next(), 0, int.MaxValue, out var number) is { } problem ? throw new ConfigException($"integer value {problem}.", "say a number in decimal digits") : (int)number,
        number => [number.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>A TCP port, or the name of a service.</summary>
    public static ValueSyntax<int> Port { get; } = new(
        a => a.Required() is var text && Integers.Port(text, a.Machine) is > 0 and var port ? port : throw new ConfigException($"Bad port '{text}'.", "a port is a number from 1 to 65535"),
        port => [port.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>A time; <c>none</c> is zero, and doesn't keep a later value from winning.</summary>
    public static ValueSyntax<TimeSpan> Time { get; } = new(a => ReadTime(a) ?? TimeSpan.Zero, time => [Seconds(time)]);

    /// <summary>A time, or <see cref="Timeout.InfiniteTimeSpan"/> for <c>none</c>.</summary>
    public static ValueSyntax<TimeSpan> TimeOrNone { get; } = new(
        a => ReadTime(a) ?? Timeout.InfiniteTimeSpan, time => [time == Timeout.InfiniteTimeSpan ? Unset : Seconds(time)]);

    /// <summary>Words of which <c>none</c> must stand alone; printed on one line.</summary>
    public static ValueSyntax<IReadOnlyList<string>?> Files { get; } = new(ReadAloneOrMany, files => [files is null || IsNone(files) ? Unset : string.Join(' ', files)]);

    /// <summary>Names between commas.</summary>
    public static ValueSyntax<IReadOnlyList<string>?> List { get; } = new(a => a.Required().Split(','), names => names is null ? [] : [string.Join(',', names)]);

    /// <summary>Whatever may follow.</summary>
    public static ValueSyntax<string?> Anything { get; } = new(a => a.Verbatim(), Line);

    /// <summary>One of several words, whatever their case; of those that mean the same the first is printed.</summary>
    public static ValueSyntax<T> Word<T>(params (string Word, T Value)[] words) => new(
        a =>
        {
            var text = a.Next();
            if (string.IsNullOrEmpty(text))
                throw new ConfigException(["missing argument.", $"unsupported option \"{text}\"."], $"say one of: {string.Join(", ", words.Select(entry => entry.Word))}");
            foreach (var (word, value) in words)
            {
                if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
                    return value;
            }
            throw new ConfigException($"unsupported option \"{text}\".", $"say one of: {string.Join(", ", words.Select(entry => entry.Word))}");
        },
        value => words.Where(entry => EqualityComparer<T>.Default.Equals(entry.Value, value)).Take(1).Select(entry => entry.Word));

    /// <summary>A list of algorithms with its signs; printed in full.</summary>
    /// <param name="kind">Which table the names are from.</param>
    /// <param name="what">What OpenSSH calls it when it is wrong.</param>
    /// <param name="wildcards">Whether patterns may stand in a list that takes nothing away.</param>
    public static ValueSyntax<string?> Algorithms(AlgorithmKind kind, string what, bool wildcards = false) => new(
        a => a.Required() is var text && IsListOfAlgorithms(kind, text, wildcards) ? text : throw new ConfigException($"Bad {what} '{text}'.", $"culvert speaks {string.Join(",", AlgorithmList.Parse(kind, "*").Names)}"),
        text => [string.Join(',', AlgorithmList.Parse(kind, text ?? "*").Names)]);

    /// <summary>The same for signature algorithms alone: what stands for a certificate drops out.</summary>
    public static ValueSyntax<string?> Signatures(string what) => Algorithms(AlgorithmKind.HostKey, what, wildcards: true) with
    {
        Print = text => [string.Join(',', AlgorithmList.Parse(AlgorithmKind.HostKey, text ?? "*").WithoutCertificates().Names)],
    };

    /// <summary>A value of our own that is one word.</summary>
    public static ValueSyntax<T> Own<T>(Func<string, T> parse, Func<T, string?> print) => new(a => parse(a.Required()), value => Line(print(value)));

    /// <summary>Whether the text stands for nothing.</summary>
    public static bool IsNone(string? text) => text is null || text.Equals(Unset, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the list is the word for nothing.</summary>
    public static bool IsNone(IReadOnlyList<string> words) => words is [var only] && IsNone(only);

    /// <summary>Times are printed in seconds.</summary>
    public static string Seconds(TimeSpan time) => ((long)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads OpenSSH's times: <c>90</c>, <c>1m30s</c>, <c>2h</c>; null for <c>none</c>.</summary>
    public static TimeSpan? ReadTime(Arguments arguments)
    {
        var text = arguments.Required("missing time value.");
        if (text != Unset)
            return Integers.Time(text) ?? throw new ConfigException("invalid time value.", $"'{text}' isn't a time such as 15, 90s or 1m30s");
        arguments.IsForgotten = true;
        return null;
    }

    private static IReadOnlyList<string>? ReadAloneOrMany(Arguments arguments)
    {
        var words = arguments.All();
        return words.Count > 1 && words.Any(IsNone)
            ? throw new ConfigException($"keyword {arguments.Keyword} \"none\" argument must appear alone.", "say none, or names")
            : words.Count == 0 ? null : words;
    }

    private static bool IsListOfAlgorithms(AlgorithmKind kind, string text, bool wildcards)
    {
        if (text[0] == '-')
            return true; // what isn't there can be taken away
        var names = text[0] is '+' or '^' ? text[1..] : text;
        return names.Length > 0 && (wildcards || !names.AsSpan().ContainsAny('*', '?')) && AlgorithmList.Parse(kind, names).Unknown.Count == 0;
    }

    private static IEnumerable<string> Line(string? text) => text is null ? [] : [text];
}
