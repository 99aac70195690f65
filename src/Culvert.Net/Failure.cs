namespace Culvert.Net;

/// <summary>Why a connection or a listener could not be had, in words that hold for every network.</summary>
public enum FailureKind
{
    /// <summary>Forbidden by policy: ours, the far side's (SSH: administratively prohibited), or the system's.</summary>
    Prohibited,
    /// <summary>Somebody answered, and said no: connection refused.</summary>
    Refused,
    /// <summary>No way to that place: no route, address not available here.</summary>
    Unreachable,
    /// <summary>The name means nothing to the resolver.</summary>
    UnknownName,
    /// <summary>The address is in use already (listeners only).</summary>
    InUse,
    /// <summary>Too little of something: descriptors, ports, channels, memory.</summary>
    Shortage,
    /// <summary>No answer in time.</summary>
    Timeout,
    /// <summary>The network itself is gone.</summary>
    NetworkLost,
    /// <summary>Whoever asked gave up.</summary>
    Aborted,
}

/// <summary>A failure that crossed the seam: its kind, and what the far side or the system said, fit to show a person.</summary>
/// <param name="Kind">What to do about it follows from this alone.</param>
/// <param name="Text">One line without control characters, without a final full stop; never a secret.</param>
public sealed record Failure(FailureKind Kind, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>A <see cref="Failure"/> as an exception, where there is no outcome to return it in.</summary>
public sealed class NetworkException(Failure failure, Exception? inner = null) : IOException(failure.Text, inner)
{
    /// <summary>What went wrong.</summary>
    public Failure Failure { get; } = failure;
}
