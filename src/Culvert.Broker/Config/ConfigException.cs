namespace Culvert.Broker.Config;

/// <summary>Something that the user configured can't be meant. The message has OpenSSH's shape where OpenSSH has one; the hint is one line
/// that says what to do.</summary>
public sealed class ConfigException(string message, string? hint = null) : Exception(message)
{
    /// <summary>What to do about it, without a final full stop; null when the message says it already.</summary>
    public string? Hint { get; } = hint;
}
