using Culvert.Broker.Config;

namespace Culvert.Cli.Control;

/// <summary>What stands behind a verb, taken apart: options with and without a value, and the rest in order. Pure.</summary>
internal sealed class VerbWords
{
    private readonly Dictionary<string, string> _options = [];

    private VerbWords(ControlVerb verb) => Verb = verb;

    /// <summary>The verb.</summary>
    public ControlVerb Verb { get; }

    /// <summary>What isn't an option.</summary>
    public List<string> Arguments { get; } = [];

    /// <summary>Reads them. A value follows behind <c>=</c>, or as the next word.</summary>
    /// <exception cref="ConfigException">The verb doesn't have such an option.</exception>
    public static VerbWords Read(ControlVerb verb, IEnumerable<string> words)
    {
        var read = new VerbWords(verb);
        using var next = words.GetEnumerator();
        while (next.MoveNext())
        {
            if (next.Current is not ['-', _, ..])
            {
                read.Arguments.Add(next.Current);
                continue;
            }
            var (name, value) = next.Current.Split('=', 2) is [var before, var behind] ? (before, behind) : (next.Current, null);
            if (verb.Options.FirstOrDefault(option => option.Spellings.Contains(name)) is not { } option || (value is not null && !option.TakesValue))
                throw new ConfigException($"{verb.Name} doesn't take '{next.Current}'", AbsentVerbs.Why(verb.Name, name) ?? read.Form);
            if (option.TakesValue)
                value ??= next.MoveNext() ? next.Current : throw new ConfigException($"{name} needs a value", read.Form);
            read._options[option.Spellings[^1]] = value ?? "";
        }
        if (read.Arguments is [var extra, ..] && !verb.TakesArguments)
            throw new ConfigException($"{verb.Name} doesn't take '{extra}'", read.Form);
        return read;
    }

    /// <summary>How the verb is used.</summary>
    public string Form => $"the form is {Verb.Form}";

    /// <summary>Whether an option was given.</summary>
    /// <param name="name">Its long name.</param>
    public bool Has(string name) => _options.ContainsKey(name);

    /// <summary>An option's value; null: it wasn't given.</summary>
    /// <param name="name">Its long name.</param>
    public string? Value(string name) => _options.GetValueOrDefault(name);
}
