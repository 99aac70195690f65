using System.Net;
using System.Net.Sockets;
using Culvert.Net.Tcp.Io;

namespace Culvert.Net.Tcp;

internal sealed class TcpListener : IListener
{
    /// <summary>Out of descriptors, accept fails at once and again: wait for some to be freed rather than spin.</summary>
    private static readonly TimeSpan ShortagePause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly ListenOptions _options;
    private readonly TimeProvider _time;
    private readonly EpollLoop? _loop;
    private readonly EpollLoop.Registration? _registration;

    public TcpListener(Socket socket, ListenOptions options, TimeProvider time, EpollLoop? loop)
    {
        (_socket, _options, _time, _loop) = (socket, options, time, loop);
        LocalEndpoint = Endpoint.From((IPEndPoint)socket.LocalEndPoint!);
        if (loop is null)
            return;
        socket.Blocking = false;
        _registration = loop.Register(socket.SafeHandle);
    }

    public Endpoint LocalEndpoint { get; }

    public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.WouldBlock)
            {
                continue; // the peer gave up while it waited in the queue
            }
            catch (SocketException e) when (SocketFailure.Of(e).Kind == FailureKind.Shortage)
            {
                await Task.Delay(ShortagePause, _time, cancellationToken).ConfigureAwait(false);
                continue;
            }
            catch (SocketException e)
            {
                throw new NetworkException(SocketFailure.Of(e), e);
            }
            catch (ObjectDisposedException e)
            {
                throw new NetworkException(new Failure(FailureKind.Aborted, "the listener is closed"), e);
            }
            if (Adopt(socket) is { } accepted)
                return accepted;
        }
    }

    public ValueTask DisposeAsync()
    {
        if (_registration is null)
            _socket.Dispose();
        else
            _registration.Close(_socket);
        return ValueTask.CompletedTask;
    }

    private async ValueTask<Socket> AcceptSocketAsync(CancellationToken cancellationToken)
    {
        if (_registration is null)
            return await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
        await _registration.WaitAsync(EpollLoop.Readable, cancellationToken).ConfigureAwait(false);
        return TakeWaiting();
    }

    /// <summary>One is waiting, mostly: it doesn't block, for the socket doesn't.</summary>
    private Socket TakeWaiting() => _socket.Accept();

    /// <summary>Null when the peer is gone already.</summary>
    private Accepted? Adopt(Socket socket)
    {
        SocketIo? io = null;
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            if (_options.OutOfBandInline)
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true);
            // The owner is looked up at once: when the peer has closed, the kernel no longer knows it.
            var (local, remote) = ((IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.RemoteEndPoint!);
            var peer = new Peer(Endpoint.From(remote), AddressKnowledge.Observed, null, Endpoint.From(local));
            if (peer.IsLocal)
                peer = peer with { Owner = SocketOwners.System.OfConnection(remote, local) };
            io = SocketIo.For(socket, _loop);
            return new(new TcpDuplex(socket, io, _options.ArmedToReset, quickAcknowledge: false), peer);
        }
        catch (SocketException)
        {
            if (io is null)
                socket.Dispose();
            else
                io.Close();
            return null;
        }
    }
}
