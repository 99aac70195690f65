namespace Culvert.Cli.Control;

/// <summary>An option of a verb.</summary>
/// <param name="Spellings">Its long name is the last one.</param>
/// <param name="TakesValue">Whether a value follows.</param>
internal sealed record VerbOption(string[] Spellings, bool TakesValue);

/// <summary>One of the verbs of <c>culvert ctl</c>.</summary>
/// <param name="Name">As it's typed.</param>
/// <param name="Takes">What may follow it, for people: options first, of which <see cref="Options"/> is read.</param>
/// <param name="Says">What it does, in one line.</param>
/// <param name="Requests">What it asks the broker for; null: it's more than requests.</param>
internal sealed record ControlVerb(string Name, string Takes, string Says, Func<VerbWords, IReadOnlyList<ControlRequestLine>>? Requests)
{
    /// <summary>How it's used.</summary>
    public string Form => $"{Name} {Takes}".TrimEnd();

    /// <summary>Whether something may follow that is no option.</summary>
    public bool TakesArguments { get; } = Takes.Split('[', ']').Any(part => part.Trim() is [not '-', ..]);

    /// <summary>Its options: what stands in square brackets and begins with a dash, such as <c>[-c|--show-channels]</c> and <c>[--type ftp|tcp]</c>.</summary>
    public IReadOnlyList<VerbOption> Options { get; } = [.. Takes.Split('[', ']').Where(part => part is ['-', ..]).Select(part =>
    {
        var words = part.Split([' ', '='], 2);
        return new VerbOption(words[0].Split('|'), words.Length > 1);
    })];
}
