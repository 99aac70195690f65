using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Transport;

namespace Culvert.TestKit.Packets;

/// <summary>Passes packets through until the n-th, counted over both directions; from then on the connection is dead, as with a cable that is cut: both sides see it.</summary>
internal sealed class FailingPacketTransport(IPacketTransport inner, int packets) : IPacketTransport
{
    private readonly CancellationTokenSource _cut = new();
    private int _left = packets;

    /// <summary>Whether it came to the cut.</summary>
    public bool HasFailed => _cut.IsCancellationRequested;

    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cut.Token);
        try
        {
            var payload = await inner.ReceiveAsync(both.Token);
            await CountAsync();
            return payload;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Dead(e);
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await CountAsync();
        await inner.WriteAsync(payload, cancellationToken);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (HasFailed)
            throw Dead(null);
        await inner.FlushAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async ValueTask CountAsync()
    {
        if (Interlocked.Decrement(ref _left) >= 0)
            return;
        await _cut.CancelAsync();
        await inner.DisposeAsync();
        throw Dead(null);
    }

    private static SshConnectionException Dead(Exception? inner) => new(new Failure(FailureKind.NetworkLost, "the cable was cut"), inner: inner);
}
