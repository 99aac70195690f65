using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Net;

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

    /// <summary>One connection between our standard input and output and a place on the server's side (<c>-W</c>).</summary>
    /// <param name="Connection">What is wanted; no tunnel.</param>
    /// <param name="To">The place.</param>
    /// <param name="LogFile">Where messages go instead of standard error (<c>-E</c>).</param>
    internal sealed record Stdio(ConnectionConfig Connection, Endpoint To, string? LogFile) : Invocation;

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

        /// <summary>What in the configuration has no effect, a line each.</summary>
        public IReadOnlyList<string> Notes { get; init; } = [];

        /// <summary>The profile, when it was named and nothing else was said: a running broker that knows it does the work. Null: this process does.</summary>
        public string? Profile { get; init; }
    }

    /// <summary>Whether a configuration file can be used.</summary>
    /// <param name="File">The file.</param>
    internal sealed record ConfigCheck(string File) : Invocation;

    /// <summary>A text that is asked for.</summary>
    internal sealed record Text(string Lines) : Invocation;

    /// <summary>The names of the original, as links to this program.</summary>
    /// <param name="Folder">Where they go.</param>
    internal sealed record InstallNames(string Folder) : Invocation;

    /// <summary>The broker, in the foreground.</summary>
    /// <param name="Load">Reads its configuration.</param>
    internal sealed record Broker(Func<BrokerConfig> Load) : Invocation
    {
        /// <summary>The connection to a server that no profile names, from <c>[user@]server[#port]</c>.</summary>
        public Func<string, ProfileConfig>? ForServer { get; init; }

        /// <summary>The file that the configuration comes from; null: several, or none.</summary>
        public string? ConfigFile { get; init; }

        /// <summary>The control socket; null: the usual one.</summary>
        public string? Socket { get; init; }

        /// <summary>Holds the number of the process while it runs.</summary>
        public string? ProcessIdFile { get; init; }

        /// <summary>Where events go; null: where the configuration says.</summary>
        public string? LogFile { get; init; }

        /// <summary>How they're written.</summary>
        public AuditFormat LogFormat { get; init; }

        /// <summary>How much is logged beside them.</summary>
        public Verbosity Verbosity { get; init; } = Verbosity.Info;

        /// <summary>Where a Prometheus reads metrics, on loopback; null: nowhere.</summary>
        public int? MetricsPort { get; init; }

        /// <summary>The collector to which metrics are sent; null: what OpenTelemetry's variables say.</summary>
        public string? OtlpEndpoint { get; init; }

        /// <summary>Ready only when all is up.</summary>
        public bool RequireAll { get; init; }

        /// <summary>End when a link is lost.</summary>
        public bool ExitOnLoss { get; init; }

        /// <summary>Windows' service control manager started it.</summary>
        public bool IsWindowsService { get; init; }
    }

    /// <summary>A verb for a running broker.</summary>
    /// <param name="Words">The verb and what follows it.</param>
    internal sealed record Control(IReadOnlyList<string> Words) : Invocation
    {
        /// <summary>The control socket; null: the usual one.</summary>
        public string? Socket { get; init; }

        /// <summary>Print what the broker answered, as JSON.</summary>
        public bool Json { get; init; }

        /// <summary>For programs: fields between tabs, no headings (<c>-s</c>).</summary>
        public bool Short { get; init; }

        /// <summary>Cut nothing off (<c>-w</c>).</summary>
        public bool Wide { get; init; }

        /// <summary>Say nothing but what was asked for (<c>-q</c>).</summary>
        public bool Quiet { get; init; }

        /// <summary>Show it again and again.</summary>
        public bool Watch { get; init; }
    }

    /// <summary>The broker as a service of this machine's service manager.</summary>
    /// <param name="Verb">What becomes of it.</param>
    /// <param name="System">For the system's manager, not this user's.</param>
    /// <param name="PrintOnly">Print what would be done instead of doing it.</param>
    /// <param name="Words">What the broker is started with.</param>
    internal sealed record Service(ServiceVerb Verb, bool System, bool PrintOnly, IReadOnlyList<string> Words) : Invocation;
}

/// <summary>What becomes of a service.</summary>
internal enum ServiceVerb
{
    /// <summary>It's made.</summary>
    Install,

    /// <summary>It's taken away.</summary>
    Uninstall,

    /// <summary>It's started.</summary>
    Start,

    /// <summary>It's stopped.</summary>
    Stop,

    /// <summary>Its state is shown.</summary>
    Status,
}
