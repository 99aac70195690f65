using System.Net.Sockets;
using Culvert.Net.Tcp;
using Culvert.Net.Tcp.Io;

namespace Culvert.Net.Unix;

/// <summary>Sockets of this machine that have a path instead of an address; ports mean nothing. Thread-safe.</summary>
public sealed class UnixNetwork : INetwork
{
    /// <summary>The longest path that a socket can have on every Unix (macOS: 104 bytes with the zero at the end).</summary>
    public const int LongestPath = 103;

    private const int Backlog = 128;

    /// <summary>The socket at a path, as this network names it.</summary>
    public static Endpoint At(string path) => new(path, 0);

    /// <inheritdoc/>
    public Dial Connect(Endpoint to, ConnectOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // The kernel answers at once: whoever listens has a queue, or there is nobody.
            socket.Connect(new UnixDomainSocketEndPoint(to.Host));
            return new Connected(new TcpDuplex(socket, SocketIo.Portable(socket), options.ArmedToReset, quickAcknowledge: false));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return Dial.Failed(SocketFailure.Of(e));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(at.Host));
            socket.Listen(Backlog);
            return new(new UnixListener(socket, at, options.ArmedToReset));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new NetworkException(SocketFailure.Of(e), e);
        }
    }

    private sealed class Connected(TcpDuplex duplex) : Dial
    {
        public override Task<DialOutcome> Outcome { get; } = Task.FromResult(new DialOutcome(duplex, null));

        public override void Abort() => duplex.Abort();
    }

    private sealed class UnixListener(Socket socket, Endpoint at, bool armedToReset) : IListener
    {
        public Endpoint LocalEndpoint => at;

        public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
        {
            try
            {
                var accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                return new(new TcpDuplex(accepted, SocketIo.Portable(accepted), armedToReset, quickAcknowledge: false), Peer.Unknown);
            }
            catch (SocketException e)
            {
                throw new NetworkException(SocketFailure.Of(e), e);
            }
            catch (ObjectDisposedException e)
            {
                throw new NetworkException(new Failure(FailureKind.Aborted, "the listener is closed"), e);
            }
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            File.Delete(at.Host);
            return ValueTask.CompletedTask;
        }
    }
}
