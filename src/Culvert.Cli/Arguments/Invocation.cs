using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>What a command line asks for.</summary>
internal abstract record Invocation
{
    /// <summary>The help page.</summary>
    internal sealed record Help : Invocation;

    /// <summary>The version.</summary>
    internal sealed record Version : Invocation;

    /// <summary>The tour.</summary>
    /// <param name="Once">End after it.</param>
    internal sealed record Demo(bool Once) : Invocation;

    /// <summary>The settings in effect (<c>-G</c>).</summary>
    /// <param name="Lines">A keyword and its value each.</param>
    internal sealed record Print(IReadOnlyList<string> Lines) : Invocation;

    /// <summary>Tunnels through a connection.</summary>
    /// <param name="Connection">What is wanted; at least one tunnel.</param>
    /// <param name="Background">Go to the background when everything is up (<c>-f</c>).</param>
    /// <param name="LogFile">Where messages go instead of the terminal (<c>-E</c>).</param>
    internal sealed record Tunnels(ConnectionConfig Connection, bool Background, string? LogFile) : Invocation
    {
        /// <summary>The exit code when something goes wrong.</summary>
        public int FailureCode { get; init; } = ExitCode.Failure;

        /// <summary>Holds the number of the process in the background (Tectia's PidFile).</summary>
        public string? ProcessIdFile { get; init; }
    }

    /// <summary>A text that is asked for.</summary>
    internal sealed record Text(string Lines) : Invocation;

    /// <summary>The names of the original, as links to this program.</summary>
    /// <param name="Folder">Where they go.</param>
    internal sealed record InstallNames(string Folder) : Invocation;
}
