using Microsoft.Extensions.Logging;

namespace Culvert.OpenSsh;

/// <summary>Which <c>ssh</c> is run, and with which words. Immutable.</summary>
public sealed record OpenSshOptions
{
    /// <summary>The program; a name is looked for on the PATH.</summary>
    public string Program { get; init; } = "ssh";

    /// <summary>Options, and the host at the end behind <c>--</c>. Nothing about sharing connections, sessions or forwards: those are added.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The host as the user named it.</summary>
    public required string Host { get; init; }

    /// <summary>Where to log.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }
}
