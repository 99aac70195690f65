namespace Culvert.Broker.Config;

/// <summary>A text that never shows: what prints the record that it's in prints a placeholder. Immutable.</summary>
/// <param name="text">The text.</param>
public sealed class Secret(string text) : IEquatable<Secret>
{
    /// <summary>The text itself.</summary>
    public string Reveal() => text;

    /// <inheritdoc />
    public bool Equals(Secret? other) => other is not null && string.Equals(text, other.Reveal(), StringComparison.Ordinal);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <inheritdoc />
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(text);

    /// <summary>A placeholder.</summary>
    public override string ToString() => "(secret)";
}
