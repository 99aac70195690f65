namespace Culvert.Net;

/// <summary>How reading ended. <see cref="Ended"/> is what the network said; over SSH a reset at the far end arrives as an end,
/// so nobody may take it for proof that all was sent.</summary>
public enum ReadEnd : byte
{
    /// <summary>It has not.</summary>
    None,
    /// <summary>The peer ended its half in order.</summary>
    Ended,
    /// <summary>The peer broke the connection, or we did (<see cref="Duplex.Abort"/>).</summary>
    Reset,
    /// <summary>The network beneath is gone, or closed the connection without an end.</summary>
    Lost,
}

/// <summary>How writing ended.</summary>
public enum WriteEnd : byte
{
    /// <summary>It has not: the bytes are on their way.</summary>
    None,
    /// <summary>The peer takes no more (closed or reset), or we ended or aborted our half.</summary>
    Closed,
    /// <summary>The network beneath is gone.</summary>
    Lost,
}

/// <summary>Bytes that were read, or how reading ended (then there are none).</summary>
public readonly record struct ReadResult(ReadOnlyMemory<byte> Bytes, ReadEnd End);

/// <summary>A two-way connection whose halves end separately. It lends what it has read, so that a relay need neither copy nor hold a buffer.</summary>
/// <remarks>One reader and one writer may use it at a time; <see cref="Abort"/> may be called by anyone at any time. No call blocks its thread: what follows a
/// wait may run on the loop of a network, which serves others too. Outcomes are values:
/// the only exceptions are <see cref="OperationCanceledException"/> and misuse. Disposing without having
/// ended the own half in order (<see cref="EndAsync"/>) is a reset where the network can show one.</remarks>
public abstract class Duplex : IAsyncDisposable
{
    /// <summary>Why the network beneath is gone, where reading or writing ended as lost and the network knows; otherwise null.</summary>
    public virtual Failure? Loss => null;

    /// <summary>Whether a broken connection is never told as an end: <see cref="ReadEnd.Ended"/> is the peer's own word.</summary>
    public virtual bool ShowsResets => false;

    /// <summary>Whether the peer's system has acknowledged all that was written; null: the network doesn't tell.</summary>
    public virtual bool? IsAcknowledged => null;

    /// <summary>Waits for bytes and lends all that lie in one piece. They stay valid until <see cref="Release"/> has returned them. While it waits it holds no buffer:
    /// an idle connection should cost none.</summary>
    public abstract ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Gives back the first <paramref name="count"/> of the lent bytes: they reached where they should go, and the peer may send as many
    /// more. The rest is lent again by the next read.</summary>
    public abstract void Release(int count);

    /// <summary>Waits for bytes and fills <paramref name="into"/>; the result's bytes are its filled part. An empty <paramref name="into"/> only
    /// waits, holding no buffer, until a read would not (or has ended; the end is then reported by this call or the next).</summary>
    public abstract ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken);

    /// <summary>Sends all of <paramref name="bytes"/>, which the caller may reuse when the task has completed. A cancelled write leaves
    /// the connection usable for <see cref="Abort"/> only.</summary>
    public abstract ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Ends the own half in order: after all that was written, the peer reads an end. A second call does nothing.</summary>
    public abstract ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken);

    /// <summary>As <see cref="EndAsync"/>, when nobody waits for the peer to read that end: a network where saying it alone costs something says it together with what
    /// it says next, or after a moment. What was written before goes out as ever.</summary>
    public virtual ValueTask<WriteEnd> EndAtLeisureAsync(CancellationToken cancellationToken) => EndAsync(cancellationToken);

    /// <summary>Breaks both halves at once. The peer sees a reset where the network can show one; over SSH that is advisory.
    /// Pending reads and writes complete.</summary>
    public abstract void Abort();

    /// <summary>As <see cref="Abort"/>, but what was written goes out before, on a network that breaks a connection by a message of its own.</summary>
    public virtual void AbortInOrder() => Abort();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
