namespace Culvert.Net;

/// <summary>How a dial ended: with a connection, or with a failure. Exactly one of both is there.</summary>
public readonly record struct DialOutcome(Duplex? Duplex, Failure? Failure)
{
    /// <summary>The address that was reached, where the network knows it (a name may have had several).</summary>
    public Endpoint? Reached { get; init; }
}

/// <summary>A connection under way. The request went out (or was queued, ahead of whatever the caller writes next) before
/// <see cref="INetwork.Connect"/> returned; nobody waited for the answer.</summary>
/// <remarks>Thread-safe. The caller owns the dial and what comes of it: either it takes the duplex from <see cref="Outcome"/> and
/// disposes that, or it calls <see cref="Abort"/>, after which a connection that still comes is closed by the network itself.</remarks>
public abstract class Dial
{
    /// <summary>The outcome. Never faults and is never cancelled; an aborted dial ends with <see cref="FailureKind.Aborted"/>.</summary>
    public abstract Task<DialOutcome> Outcome { get; }

    /// <summary>Gives up. If the outcome was a duplex already, it is reset. A second call does nothing.</summary>
    public abstract void Abort();

    /// <summary>A dial that failed before it began.</summary>
    public static Dial Failed(Failure failure) => new Ended(failure);

    private sealed class Ended(Failure failure) : Dial
    {
        public override Task<DialOutcome> Outcome { get; } = Task.FromResult(new DialOutcome(null, failure));
        public override void Abort() { }
    }
}
