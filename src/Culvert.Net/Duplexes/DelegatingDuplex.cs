namespace Culvert.Net;

/// <summary>A connection that is another one, but for what a subclass changes.</summary>
/// <param name="inner">The other one; owned from now on.</param>
public abstract class DelegatingDuplex(Duplex inner) : Duplex
{
    /// <inheritdoc/>
    public override Failure? Loss => inner.Loss;

    /// <inheritdoc/>
    public override bool ShowsResets => inner.ShowsResets;

    /// <inheritdoc/>
    public override bool? IsAcknowledged => inner.IsAcknowledged;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken) => inner.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Release(int count) => inner.Release(count);

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken) => inner.ReadAsync(into, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => inner.WriteAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken) => inner.EndAsync(cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<WriteEnd> EndAtLeisureAsync(CancellationToken cancellationToken) => inner.EndAtLeisureAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Abort() => inner.Abort();

    /// <inheritdoc/>
    public override void AbortInOrder() => inner.AbortInOrder();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return inner.DisposeAsync();
    }
}
