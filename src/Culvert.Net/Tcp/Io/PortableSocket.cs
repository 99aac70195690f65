using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Culvert.Net.Tcp.Io;

/// <summary>The runtime's way.</summary>
internal sealed class PortableSocket(Socket socket) : SocketIo
{
    public override ValueTask<int> ReceiveAsync(Memory<byte> into, CancellationToken cancellationToken) =>
        socket.ReceiveAsync(into, SocketFlags.None, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
    }

    public override void Close() => socket.Dispose();
}
