namespace Culvert.Broker.Audit;

/// <summary>How much an event weighs, in the words of syslog that are used here.</summary>
public enum AuditSeverity
{
    /// <summary>As it should be.</summary>
    Informational,
    /// <summary>As it should be, and worth a look.</summary>
    Notice,
    /// <summary>Something works less well than it should.</summary>
    Warning,
    /// <summary>Something doesn't work.</summary>
    Error,
}

/// <summary>Something that an auditor wants to know. Names and fields are stable: programs read them.</summary>
/// <param name="Name">Such as <c>link.up</c>; see <see cref="AuditNames"/>.</param>
/// <param name="Severity">How much it weighs.</param>
/// <param name="Fields">What belongs to it, in order; text from peers is escaped already, and no value is a secret.</param>
public sealed record AuditEvent(string Name, AuditSeverity Severity, IReadOnlyList<KeyValuePair<string, object>> Fields);

/// <summary>The names of all events.</summary>
public static class AuditNames
{
    /// <summary>The broker has begun.</summary>
    public const string BrokerStarted = "broker.started";
    /// <summary>The broker ends.</summary>
    public const string BrokerStopped = "broker.stopped";
    /// <summary>Another configuration is in force, or couldn't be.</summary>
    public const string BrokerReloaded = "broker.reloaded";
    /// <summary>A connection stands, and the login has succeeded.</summary>
    public const string LinkUp = "link.up";
    /// <summary>A connection was lost.</summary>
    public const string LinkLost = "link.lost";
    /// <summary>An attempt failed; another follows.</summary>
    public const string LinkRetry = "link.retry";
    /// <summary>An attempt failed, and none follows.</summary>
    public const string LinkFailed = "link.failed";
    /// <summary>A connection was closed in order.</summary>
    public const string LinkClosed = "link.closed";
    /// <summary>A server's key was taken.</summary>
    public const string HostKeyAccepted = "hostkey.accepted";
    /// <summary>A server's key was refused.</summary>
    public const string HostKeyRefused = "hostkey.refused";
    /// <summary>A question waits for its answer.</summary>
    public const string QuestionAsked = "question.asked";
    /// <summary>A port is open.</summary>
    public const string TunnelOpened = "tunnel.opened";
    /// <summary>A port is closed.</summary>
    public const string TunnelClosed = "tunnel.closed";
    /// <summary>A client came in.</summary>
    public const string ClientConnected = "client.connected";
    /// <summary>A client is gone.</summary>
    public const string ClientGone = "client.gone";
    /// <summary>A client was sent away.</summary>
    public const string ClientRefused = "client.refused";
    /// <summary>A transfer begins.</summary>
    public const string TransferStarted = "transfer.started";
    /// <summary>A transfer has ended.</summary>
    public const string TransferEnded = "transfer.ended";
    /// <summary>What the libraries log, as far as that is wanted.</summary>
    public const string Debug = "debug";
    /// <summary>Something that a person is told.</summary>
    public const string Message = "message";
}
