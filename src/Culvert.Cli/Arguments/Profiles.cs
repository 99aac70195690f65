using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>A word that may be a profile of ssh-broker-config.xml instead of a host.</summary>
/// <param name="Machine">Where it was typed.</param>
/// <param name="File">The file that was named; null: the usual ones.</param>
internal sealed record Profiles(Machine Machine, string? File)
{
    /// <summary>The profile that a word names, by its id, else its name. Null: it's a host.</summary>
    /// <param name="word">What was typed.</param>
    /// <param name="mustBe">Whether it was said to be one.</param>
    /// <exception cref="ConfigException">A file can't be meant, or there is no such profile although there must be.</exception>
    public FoundProfile? Find(string word, bool mustBe)
    {
        // What has a user, a port or a path is a host, whatever it's called.
        if (!mustBe && (word.AsSpan().ContainsAny("@#:/") || (File is null && XmlConfiguration.Paths(Machine, null).Count == 0)))
            return null;
        var configuration = Read();
        if (configuration.Find(word) is { } id)
            return new(configuration, id);
        return !mustBe ? null : throw new ConfigException($"there is no profile {word}", configuration.ProfileIds.Count == 0
            ? "profiles stand in ssh-broker-config.xml; --config names another file"
            : $"there are: {string.Join(", ", configuration.ProfileIds)}");
    }

    /// <summary>All of it, for a broker; nothing when there is no file.</summary>
    /// <exception cref="ConfigException">A file can't be meant.</exception>
    public BrokerConfig ToBroker() => Read().ToBroker();

    private XmlConfiguration Read() => XmlConfiguration.Read(Machine, XmlConfiguration.Paths(Machine, File));
}

/// <summary>A profile and the configuration that it stands in.</summary>
internal sealed record FoundProfile(XmlConfiguration Configuration, string Id)
{
    /// <summary>What in the configuration has no effect.</summary>
    public IReadOnlyList<string> Notes => Configuration.Notes;

    /// <summary>Whether it gets a connection of its own, and so no broker's.</summary>
    public bool IsExclusive => Configuration.IsExclusive(Id);

    /// <summary>Its connection; what was typed beside it counts more.</summary>
    public ConnectionConfig Connection(ConfigBuilder typed) => Configuration.Connection(Id, typed);

    /// <summary>Variables for a program on its server; what was typed counts more.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> SessionVariables(IReadOnlyList<KeyValuePair<string, string>> typed) =>
        [.. typed, .. Configuration.SessionVariables(Id).Where(variable => typed.All(other => other.Key != variable.Key))];

    /// <summary>Its values, as <c>-G</c> prints them.</summary>
    public Invocation.Print Print(ConfigBuilder typed) => new([.. Configuration.Effective(Id, typed)]);
}
