namespace Culvert.Net;

/// <summary>Settles where a client of a tunnel is to be taken. Never throws for what a client does.</summary>
/// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
public delegate ValueTask<Wish> ReadWish(Duplex client, CancellationToken stop);

/// <summary>Where a client is to be taken, or why nowhere.</summary>
/// <param name="To">The destination; a name is the far side's to resolve. Null: unknown.</param>
/// <param name="Answer">What the client is told of how the connection went, ahead of the destination's own bytes; may be nothing.</param>
public sealed record Wish(Endpoint? To, Func<DialOutcome, ReadOnlyMemory<byte>> Answer)
{
    /// <summary>Why it isn't served; null when it is.</summary>
    public Failure? Refusal { get; init; }

    /// <summary>Every client goes to the same place, and is told nothing.</summary>
    public static ReadWish Always(Endpoint to)
    {
        var wish = new Wish(to, _ => default);
        return (_, _) => new ValueTask<Wish>(wish);
    }

    /// <summary>A wish that isn't served.</summary>
    /// <param name="refusal">Why.</param>
    /// <param name="answer">What the client is told; empty: nothing, it's reset.</param>
    public static Wish None(Failure refusal, ReadOnlyMemory<byte> answer = default) => new(null, _ => answer) { Refusal = refusal };
}
