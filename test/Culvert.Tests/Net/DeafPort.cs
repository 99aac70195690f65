using System.Net;
using System.Net.Sockets;
using Culvert.Net;

namespace Culvert.Tests.Net;

/// <summary>A port on which nobody listens, and nobody can while this holds it: one that was given back could be another test's.</summary>
internal sealed class DeafPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public DeafPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public Endpoint Endpoint => new(Endpoint.Loopback4, ((IPEndPoint)_socket.LocalEndPoint!).Port);

    public void Dispose() => _socket.Dispose();
}
