using System.Runtime.CompilerServices;
using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>A channel as a connection: lends what was received, sends in packets. Credit goes back to the peer when what it sent was released.</summary>
internal sealed class ChannelDuplex(Channel channel) : Duplex
{
    public override Failure? Loss => channel.Loss;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        var result = channel.TryLend();
        return result is { End: ReadEnd.None, Bytes.IsEmpty: true } ? WaitAndLendAsync(cancellationToken) : new(result);
    }

    public override void Release(int count) => channel.Release(count);

    public override ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        if (into.IsEmpty)
            return WaitUntilReadableAsync(cancellationToken);
        var result = channel.TryCopy(into);
        return result is { End: ReadEnd.None, Bytes.IsEmpty: true } ? WaitAndCopyAsync(into, cancellationToken) : new(result);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var count = channel.TrySend(bytes.Span, out var end);
            if (end != WriteEnd.None)
                return end;
            if (count == 0)
                await channel.WaitWritableAsync(cancellationToken);
            bytes = bytes[count..];
        }
        return WriteEnd.None;
    }

    public override ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken) => new(channel.End());

    public override ValueTask<WriteEnd> EndAtLeisureAsync(CancellationToken cancellationToken) => new(channel.EndAtLeisure());

    public override void Abort() => channel.Abort();

    public override void AbortInOrder() => channel.Abort(dropsUnsent: false);

    public override ValueTask DisposeAsync()
    {
        channel.Dispose();
        return ValueTask.CompletedTask;
    }

    // Who takes what is lent sends it on at once. On the reader loop that needs no other thread; a socket that is full makes it wait, not the loop.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAndLendAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await channel.WaitReadableAsync(cancellationToken);
            var result = channel.TryLend();
            if (result.End != ReadEnd.None || !result.Bytes.IsEmpty)
                return result;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAndCopyAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        while (true)
        {
            await channel.WaitReadableAsync(cancellationToken);
            var result = channel.TryCopy(into);
            if (result.End != ReadEnd.None || !result.Bytes.IsEmpty)
                return result;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitUntilReadableAsync(CancellationToken cancellationToken)
    {
        while (!channel.IsReadable)
            await channel.WaitReadableAsync(cancellationToken);
        return default;
    }
}
