using System.Text;

namespace Culvert.Broker.Config;

/// <summary>Tectia's variables in a value: <c>%NAME%</c> (left alone when nobody knows it), <c>$NAME</c> and <c>${NAME}</c> (empty then),
/// <c>${NAME:-default}</c>; and names of its own, which a variable of the environment overrules. Pure but for what the machine tells.</summary>
internal static class XmlVariables
{
    /// <summary>The value in full.</summary>
    public static string Expand(string text, Machine machine)
    {
        var full = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var (value, length) = text[at] switch
            {
                '%' => Percent(text, at, machine),
                '$' => Dollar(text, at, machine),
                var other => (other.ToString(), 1),
            };
            full.Append(value);
            at += length;
        }
        return full.ToString();
    }

    private static (string Value, int Length) Percent(string text, int at, Machine machine)
    {
        var name = Name(text, at + 1, alsoDashes: true);
        if (name.Length > 0 && at + 1 + name.Length < text.Length && text[at + 1 + name.Length] == '%')
        {
            if ((machine.Variable(name) ?? Special(name, machine)) is { } known)
                return (known, name.Length + 2);
            // No variable has a dash in its name: %U-%IU are two short ones.
            if (!name.Contains('-', StringComparison.Ordinal))
                return ($"%{name}%", name.Length + 2);
        }
        foreach (var brief in (ReadOnlySpan<string>)["IU", "IG", "U", "G", "D"])
        {
            if (text.AsSpan(at + 1).StartsWith(brief, StringComparison.Ordinal) && Special(brief, machine) is { } value)
                return (value, brief.Length + 1);
        }
        return ("%", 1);
    }

    private static (string Value, int Length) Dollar(string text, int at, Machine machine)
    {
        if (at + 1 < text.Length && text[at + 1] == '{' && text.IndexOf('}', at) is var close and > 0)
        {
            var (name, fallback) = text[(at + 2)..close].Split(":-", 2) is [var first, var second] ? (first, second) : (text[(at + 2)..close], "");
            return (Known(name) is { Length: > 0 } value ? value : fallback, close - at + 1);
        }
        var word = Name(text, at + 1, alsoDashes: false);
        return word.Length > 0 ? (Known(word) ?? "", word.Length + 1) : ("$", 1);

        string? Known(string name) => machine.Variable(name) ?? Special(name, machine);
    }

    private static string Name(string text, int from, bool alsoDashes)
    {
        var to = from;
        while (to < text.Length && (char.IsAsciiLetterOrDigit(text[to]) || text[to] == '_' || (alsoDashes && text[to] == '-')))
            to++;
        return text[from..to];
    }

    private static string? Special(string name, Machine machine) => name switch
    {
        "U" or "username" or "username-without-domain" or "USERNAME" => machine.UserName,
        "D" or "homedir" => machine.Home,
        "IU" => machine.UserNumber,
        "G" => machine.Group()?.Name ?? machine.Group()?.Number,
        "IG" => machine.Group()?.Number,
        "USER_CONFIG_DIRECTORY" => machine.TectiaFolder,
        _ => null,
    };
}
