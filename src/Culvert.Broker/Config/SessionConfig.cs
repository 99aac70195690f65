namespace Culvert.Broker.Config;

/// <summary>Whether a session has a terminal on the server.</summary>
public enum TerminalWish
{
    /// <summary>A shell that is used from a terminal has one.</summary>
    Auto,
    /// <summary>It has one in any case.</summary>
    Always,
}

/// <summary>A session that is wanted beside the tunnels: a shell, a command or a subsystem on the server. Immutable.</summary>
public sealed record SessionConfig
{
    /// <summary>What it runs; null: the user's shell.</summary>
    public string? Command { get; init; }

    /// <summary><see cref="Command"/> names a subsystem.</summary>
    public bool IsSubsystem { get; init; }

    /// <summary>Whether it has a terminal.</summary>
    public TerminalWish Terminal { get; init; }

    /// <summary>Variables to ask for; servers take few.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>What begins an escape sequence after a newline; null: nothing does.</summary>
    public char? EscapeCharacter { get; init; } = '~';

    /// <summary>It has no input (<c>-n</c>).</summary>
    public bool NoInput { get; init; }
}
