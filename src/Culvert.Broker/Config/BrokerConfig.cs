namespace Culvert.Broker.Config;

/// <summary>Everything that a broker is to do. Immutable: a reload makes a new one, and what runs is compared with it.</summary>
public sealed record BrokerConfig
{
    /// <summary>The connections that have a name, in the order of the file; ids are unique.</summary>
    public IReadOnlyList<ProfileConfig> Profiles { get; init; } = [];

    /// <summary>Tunnels that listen from the start and connect on first use.</summary>
    public IReadOnlyList<StaticTunnelConfig> StaticTunnels { get; init; } = [];

    /// <summary>Where events are written to.</summary>
    public LoggingConfig Logging { get; init; } = new();

    /// <summary>What in the files has no effect, a line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A connection that has a name.</summary>
/// <param name="Id">Unique in its configuration.</param>
/// <param name="Connection">Where it leads, how one logs in, and the tunnels that open with it. A gateway profile is its <see cref="ConnectionConfig.Via"/>.</param>
public sealed record ProfileConfig(string Id, ConnectionConfig Connection)
{
    /// <summary>What people call it; null: its id.</summary>
    public string? Name { get; init; }

    /// <summary>Connect when the broker starts, instead of on demand.</summary>
    public bool ConnectOnStartup { get; init; }

    /// <summary>Close the connection when nothing has used it for this long; zero: never. Open listeners count as use.</summary>
    public TimeSpan IdleTimeout { get; init; }

    /// <summary>Who asks for it gets a connection of its own instead of the one that is there.</summary>
    public bool ExclusiveConnection { get; init; }
}

/// <summary>A tunnel that listens from the start; its profile connects on first use.</summary>
/// <param name="Tunnel">Where it listens and leads.</param>
/// <param name="ProfileId">The id of the profile that carries it.</param>
public sealed record StaticTunnelConfig(TunnelConfig Tunnel, string ProfileId);

/// <summary>Where a broker writes its events.</summary>
public sealed record LoggingConfig
{
    /// <summary>Files; none, and nothing else said: standard error, or the system's log where the broker runs as a service.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>To the machine's syslog as well.</summary>
    public bool ToSyslog { get; init; }

    /// <summary>Nowhere, if no other place is said.</summary>
    public bool Discards { get; init; }

    /// <summary>Which events go where, in order; of several patterns that match an event the last one counts. One for the rest of the events stands first.</summary>
    public IReadOnlyList<LogEventsRule> Rules { get; init; } = [];
}

/// <summary>What becomes of some events.</summary>
/// <param name="Pattern">The names of the events, with <c>*</c> and <c>?</c>.</param>
/// <param name="Facility">As Tectia names them; <c>discard</c>: nowhere.</param>
/// <param name="Severity">As Tectia names them; null: the event's own.</param>
public sealed record LogEventsRule(string Pattern, string Facility, string? Severity);
