namespace Culvert.Broker.Config;

/// <summary>Something that the user configured can't be meant. The lines have OpenSSH's shape where OpenSSH has one; the hint is one line
/// that says what to do.</summary>
public sealed class ConfigException : Exception
{
    /// <summary>One sentence.</summary>
    public ConfigException(string message, string? hint = null)
        : this([message], hint)
    {
    }

    /// <summary>Several mistakes, or one of which OpenSSH says more than a line.</summary>
    public ConfigException(IReadOnlyList<string> lines, string? hint = null)
        : base(string.Join('\n', lines))
    {
        Lines = lines;
        Hint = hint;
    }

    /// <summary>What is wrong, a line each.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>What to do about it, without a final full stop; null when the message says it already.</summary>
    public string? Hint { get; }

    /// <summary>The mistakes of a file: its lines are OpenSSH's own and complete, with the file's name, and nothing is read after it.</summary>
    public bool IsOfFile { get; init; }
}
