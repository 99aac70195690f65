namespace Culvert.Broker.Config;

/// <summary>Where a setting was said.</summary>
internal enum Origin
{
    /// <summary>By an option letter or a word with two dashes.</summary>
    Letter,
    /// <summary>By <c>-o</c>.</summary>
    Option,
    /// <summary>In the user's file, or one that it includes.</summary>
    UserFile,
    /// <summary>In the machine's file, or one that it includes.</summary>
    SystemFile,
}

/// <summary>The words of one setting, taken one after the other by what reads it.</summary>
/// <remarks>For one reading.</remarks>
internal sealed class Arguments(Directive directive, Origin origin, Machine machine)
{
    private int _taken;

    /// <summary>In lower case, as it was said: messages name it.</summary>
    public string Keyword => directive.Keyword;

    /// <summary>Where it was said.</summary>
    public Origin Origin => origin;

    /// <summary>Where it is read.</summary>
    public Machine Machine => machine;

    /// <summary>How many words nobody has taken.</summary>
    public int Left => (directive.Words?.Count ?? 0) - _taken;

    /// <summary>Of a value that doesn't count as said (a time of <c>none</c>): a later one wins.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Of a value that leaves the other keyword of its slot free (ProxyJump of <c>none</c>).</summary>
    public bool IsOfItsOwn { get; set; }

    /// <summary>The next word; null when there is none.</summary>
    public string? Next() => Left > 0 ? directive.Words![_taken++] : null;

    /// <summary>The next word, which must be there.</summary>
    /// <param name="complaint">What OpenSSH says when it isn't.</param>
    public string Required(string complaint = "Missing argument.") =>
        Next() is { Length: > 0 } word ? word : throw new ConfigException(complaint, $"{Keyword} needs a value");

    /// <summary>All words that are left; none may be empty.</summary>
    public IReadOnlyList<string> All()
    {
        var words = new List<string>();
        while (Next() is { } word)
            words.Add(word.Length > 0 ? word : throw new ConfigException($"keyword {Keyword} empty argument", "take the empty quotes away"));
        return words;
    }

    /// <summary>The value as it was written, comments and all.</summary>
    public string Verbatim()
    {
        _taken += Left;
        return directive.Rest.TrimStart(' ', '\t', '\r', '\n', '=');
    }
}

/// <summary>One keyword of ssh_config or of ours: how its value is read, what it does to a configuration, and how <c>-G</c> prints it.</summary>
/// <param name="name">As the manual writes it.</param>
internal abstract class Keyword(string name)
{
    /// <summary>As the manual writes it.</summary>
    public string Name { get; } = name;

    /// <summary>Values are added, or the keyword itself knows which wins; otherwise the first one does.</summary>
    public bool AddsUp { get; init; }

    /// <summary>The name under which the first value is remembered: keywords that exclude each other share one.</summary>
    public string Slot { get; init; } = name;

    /// <summary>The name that <c>-G</c> prints.</summary>
    public string Label { get; init; } = name.ToLowerInvariant();

    /// <summary>Reads a value.</summary>
    /// <returns>What it does to a configuration.</returns>
    /// <exception cref="ConfigException">A value that can't be meant; the message is OpenSSH's, without the place.</exception>
    public abstract Func<Draft, Draft> Read(Arguments arguments);

    /// <summary>The values in effect, a line each.</summary>
    public abstract IEnumerable<string> Print(Draft draft);
}

/// <summary>A keyword whose value has a place in the draft.</summary>
internal sealed class Keyword<T>(string name, ValueSyntax<T> syntax, Func<Draft, T> get, Func<Draft, T, Draft> set) : Keyword(name)
{
    /// <inheritdoc/>
    public override Func<Draft, Draft> Read(Arguments arguments)
    {
        var value = syntax.Read(arguments);
        return draft => set(draft, value);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Print(Draft draft) => syntax.Print(get(draft));
}

/// <summary>A keyword of OpenSSH without a meaning here: checked, kept for <c>-G</c>, and otherwise silent.</summary>
internal sealed class SilentKeyword<T>(string name, ValueSyntax<T> syntax, IReadOnlyList<string> usual) : Keyword(name)
{
    /// <inheritdoc/>
    public override Func<Draft, Draft> Read(Arguments arguments)
    {
        IReadOnlyList<string> lines = [.. syntax.Print(syntax.Read(arguments))];
        return draft => draft with { Connection = draft.Connection with { Others = draft.Connection.Others.SetItem(Name, AddsUp ? [.. draft.Connection.OtherLines(Name), .. lines] : lines) } };
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Print(Draft draft) => draft.Connection.Others.TryGetValue(Name, out var said) ? said : usual;
}
