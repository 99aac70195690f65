using System.Net;
using System.Net.Sockets;
using Culvert.Net.Tcp.Io;

namespace Culvert.Net.Tcp;

/// <summary>This machine's TCP, IPv4 and IPv6. Names are resolved by the system. Thread-safe.</summary>
public sealed class TcpNetwork(TimeProvider time) : INetwork
{
    /// <summary>Connections that the kernel holds for us between two accepts; more than a burst of FTP clients brings.</summary>
    private const int Backlog = 128;

    /// <summary>Bytes are moved by the runtime's own way although there is a loop of ours: for tests, which say of both that they behave alike.</summary>
    internal bool IsPortable { get; init; }

    private EpollLoop? Loop => IsPortable ? null : EpollLoop.Shared;

    /// <inheritdoc/>
    public Dial Connect(Endpoint to, ConnectOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new TcpDial(to, options, time, Loop);
    }

    /// <inheritdoc/>
    public ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        cancellationToken.ThrowIfCancellationRequested();
        var address = AddressToListenOn(at);
        foreach (var port in PortsToTry(at.Port, options.Ports))
        {
            try
            {
                return new(new TcpListener(Open(new IPEndPoint(address, port)), options, time, Loop));
            }
            catch (SocketException e)
            {
                var failure = SocketFailure.Of(e);
                if (port == 0 || at.Port != 0 || (options.Ports is not null && failure.Kind != FailureKind.InUse))
                    throw new NetworkException(failure, e);
            }
        }
        var (first, last) = options.Ports!.Value;
        throw new NetworkException(new Failure(FailureKind.InUse, $"no free port between {first} and {last}"));
    }

    private static Socket Open(IPEndPoint at)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (at.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = at.Address.Equals(IPAddress.IPv6Any);
            if (OperatingSystem.IsWindows())
                socket.ExclusiveAddressUse = true; // elsewhere nobody can bind a port that somebody listens on
            socket.Bind(at);
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static IPAddress AddressToListenOn(Endpoint at)
    {
        if (at.Host is "" or "*")
            return Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        if (at.TryGetAddress(out var address))
            return address;
        try
        {
            // Binding is rare and local names resolve from a file: this is not worth an asynchronous path.
            return Dns.GetHostAddresses(at.Host)[0];
        }
        catch (SocketException e)
        {
            throw new NetworkException(SocketFailure.Of(e), e);
        }
    }

    /// <summary>The port as asked for; or, from a range, every port once from a random start, so that ports are not reused at once. Any port: some of the system's own choice
    /// by chance, before the system looks for one.</summary>
    private static IEnumerable<int> PortsToTry(int port, PortRange? range)
    {
        if (port != 0)
            return [port];
        if (range is not { } ports)
            return [.. EphemeralPorts.Some(), 0];
        var count = ports.Last - ports.First + 1;
        var start = System.Security.Cryptography.RandomNumberGenerator.GetInt32(count);
        return Enumerable.Range(0, count).Select(i => ports.First + ((start + i) % count));
    }
}
