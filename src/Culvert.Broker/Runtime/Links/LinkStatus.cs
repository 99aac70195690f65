namespace Culvert.Broker.Runtime;

/// <summary>Where a supervised link stands.</summary>
public enum LinkState
{
    /// <summary>Nobody has needed it yet, or nobody needs it any more.</summary>
    New,
    /// <summary>It's being made for the first time.</summary>
    Connecting,
    /// <summary>It's being made, and a question is waiting for its answer.</summary>
    WaitingForInput,
    /// <summary>It works.</summary>
    Up,
    /// <summary>It doesn't, and is tried again by itself.</summary>
    Restoring,
    /// <summary>It doesn't, and trying again would be no use, or would do harm: somebody has to do something.</summary>
    Failed,
    /// <summary>Somebody closed it; it stays closed until somebody opens it.</summary>
    Disabled,
}

/// <summary>A link's state with what belongs to it. Immutable.</summary>
/// <param name="State">The state.</param>
/// <param name="Since">When it was entered.</param>
public sealed record LinkStatus(LinkState State, DateTimeOffset Since)
{
    /// <summary>Why it isn't up, in one line; null when there is nothing to tell.</summary>
    public string? Cause { get; init; }

    /// <summary>When it's tried next; null when that isn't planned, or is happening now.</summary>
    public DateTimeOffset? NextTry { get; init; }

    /// <summary>Attempts that failed one after the other.</summary>
    public int FailedAttempts { get; init; }

    /// <summary>How often it came back after a loss.</summary>
    public int Reconnects { get; init; }

    /// <summary>Whether it's being made: for the first time, or again.</summary>
    public bool IsUnderWay => State is LinkState.Connecting || (State == LinkState.Restoring && NextTry is null);

    /// <summary>Whether the first attempt is over: it's up, or the cause is known.</summary>
    public bool IsDecided => State is LinkState.Up or LinkState.Failed or LinkState.Restoring or LinkState.Disabled;
}
