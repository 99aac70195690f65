using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>A connection through a link, with what is told of it. Counts bytes as they pass, and holds the link up while it's open.</summary>
internal sealed class LinkChannel : DelegatingDuplex
{
    private readonly IDisposable _hold;
    private readonly ChannelBook? _book;
    private long _received;
    private long _sent;
    private int _disposed;

    public LinkChannel(Duplex inner, Endpoint to, Endpoint? originator, TimeProvider time, IDisposable hold, ChannelBook? book, bool isIncoming = false) : base(inner)
    {
        (To, Originator, _hold, _book, IsIncoming) = (to, originator, hold, book, isIncoming);
        Opened = time.GetUtcNow();
        Id = book?.NextId() ?? 0;
    }

    /// <summary>Unique in its book.</summary>
    public long Id { get; }

    /// <summary>Where it leads; for one that came in, the port at which it did.</summary>
    public Endpoint To { get; }

    /// <summary>For whom it was opened, when that is known.</summary>
    public Endpoint? Originator { get; }

    /// <summary>It came in on a port of the server.</summary>
    public bool IsIncoming { get; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset Opened { get; }

    /// <summary>Bytes that came from the far side so far.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Bytes that went to the far side so far.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <inheritdoc/>
    public override void Release(int count)
    {
        Interlocked.Add(ref _received, count);
        base.Release(count);
    }

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        var read = await base.ReadAsync(into, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _received, read.Bytes.Length);
        return read;
    }

    /// <inheritdoc/>
    public override ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref _sent, bytes.Length);
        return base.WriteAsync(bytes, cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _book?.Closed(this);
        _hold.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
