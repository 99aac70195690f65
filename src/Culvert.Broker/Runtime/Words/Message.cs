namespace Culvert.Broker.Runtime;

/// <summary>How much a message weighs.</summary>
public enum MessageWeight
{
    /// <summary>Good to know.</summary>
    Note,
    /// <summary>Something works less well than was asked for.</summary>
    Warning,
    /// <summary>Something that was asked for can't be had.</summary>
    Error,
}

/// <summary>Something that a person is told: what happened, in the shapes of OpenSSH, and what to do about it.</summary>
/// <param name="Weight">How much it weighs.</param>
/// <param name="Text">One or more lines, fit to be shown.</param>
/// <param name="Hint">One line that says what to do; null when there is nothing to add.</param>
public sealed record Message(MessageWeight Weight, string Text, string? Hint = null)
{
    /// <summary>An error.</summary>
    public static Message Error(string text, string? hint) => new(MessageWeight.Error, text, hint);

    /// <summary>A warning.</summary>
    public static Message Warning(string text, string? hint = null) => new(MessageWeight.Warning, text, hint);

    /// <summary>A note.</summary>
    public static Message Note(string text) => new(MessageWeight.Note, text);
}

/// <summary>The connection or a tunnel that was asked for can't be had.</summary>
public sealed class BrokerException(Message reason, Exception? inner = null) : Exception(reason.Text, inner)
{
    /// <summary>What to tell, with its hint.</summary>
    public Message Reason { get; } = reason;
}
