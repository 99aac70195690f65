using System.Net.Sockets;

namespace Culvert.Net.Tcp.Io;

/// <summary>How the bytes of one connected socket are moved: by the runtime's own way, which is everywhere, or by a loop of ours where the system has what it needs.</summary>
/// <remarks>One task receives, one sends; closing is anybody's at any time. Failures are <see cref="SocketException"/>, and <see cref="ObjectDisposedException"/> after <see cref="Close"/>.</remarks>
internal abstract class SocketIo
{
    /// <summary>Receives what there is, at least a byte; 0: the peer has ended its half. Into nothing: waits until something can be received, and says 0.</summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> into, CancellationToken cancellationToken);

    /// <summary>Sends all of it.</summary>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Closes the socket as its options say. Whoever waits is woken.</summary>
    public abstract void Close();

    /// <summary>By this loop: few system calls, and no hop between threads. What follows a receive or send then runs on the loop's thread, which serves others too: it
    /// must not block. None: the runtime's own way.</summary>
    public static SocketIo For(Socket socket, EpollLoop? loop) => loop is not null ? new EpollSocket(socket, loop) : new PortableSocket(socket);

    /// <summary>The runtime's own way; what follows runs on the pool.</summary>
    public static SocketIo Portable(Socket socket) => new PortableSocket(socket);
}
