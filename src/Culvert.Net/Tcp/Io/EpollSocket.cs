using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Culvert.Net.Tcp.Io;

/// <summary>A socket on the epoll loop. It is told when it's ready, then tries: one system call a receive, and none to say that it goes on waiting.</summary>
internal sealed class EpollSocket : SocketIo
{
    /// <summary>What one turn may receive while every receive is filled to the brim. Then the other sockets of the loop have theirs.</summary>
    private const int TurnBytes = 256 * 1024;

    private readonly Socket _socket;
    private readonly EpollLoop.Registration _registration;
    private int _turnBytes;
    private bool _mayHaveMore;

    /// <param name="socket">Stream socket, connected or about to be; owned from now on. The runtime has not waited for it yet: its own loop would go on watching it.</param>
    /// <param name="loop">Tells it when it's ready.</param>
    public EpollSocket(Socket socket, EpollLoop loop)
    {
        _socket = socket;
        socket.Blocking = false;
        _registration = loop.Register(socket.SafeHandle);
    }

    public override ValueTask<int> ReceiveAsync(Memory<byte> into, CancellationToken cancellationToken) =>
        TryReceive(into, out var count) ? new(count) : WaitAndReceiveAsync(into, cancellationToken);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var sent = TrySend(bytes.Span);
        return sent == bytes.Length ? ValueTask.CompletedTask : WaitAndSendAsync(bytes[sent..], cancellationToken);
    }

    /// <summary>Connects, on the loop from the beginning.</summary>
    /// <exception cref="SocketException">Nobody is there, or nobody gets there.</exception>
    public async ValueTask ConnectAsync(IPEndPoint to, CancellationToken cancellationToken)
    {
        try
        {
            _socket.Connect(to);
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // Under way: writable when it is there, or refused.
        }
        await _registration.WaitAsync(EpollLoop.Writable, cancellationToken).ConfigureAwait(false);
        if (_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int error and not 0)
            throw new SocketException(error);
    }

    public override void Close() => _registration.Close(_socket);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAndReceiveAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        int count;
        do
        {
            await _registration.WaitAsync(EpollLoop.Readable, cancellationToken).ConfigureAwait(false);
            _mayHaveMore = true;
            _turnBytes = 0;
        }
        while (!TryReceive(into, out count));
        return count;
    }

    private bool TryReceive(Memory<byte> into, out int count)
    {
        count = 0;
        if (!_mayHaveMore)
            return false;
        if (into.IsEmpty)
            return true;
        count = _socket.Receive(into.Span, SocketFlags.None, out var error);
        _turnBytes += count;
        _mayHaveMore = count == into.Length && _turnBytes < TurnBytes;
        return error switch
        {
            SocketError.Success => true,
            SocketError.WouldBlock => false,
            _ => throw new SocketException((int)error),
        };
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitAndSendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            await _registration.WaitAsync(EpollLoop.Writable, cancellationToken).ConfigureAwait(false);
            bytes = bytes[TrySend(bytes.Span)..];
        }
    }

    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        var count = _socket.Send(bytes, SocketFlags.None, out var error);
        return error is SocketError.Success or SocketError.WouldBlock ? count : throw new SocketException((int)error);
    }
}
