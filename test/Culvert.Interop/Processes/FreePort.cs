using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Culvert.Interop.Processes;

/// <summary>
/// Ports for servers that can't choose one and say which. They lie below the range that the kernel hands out to
/// clients, so that no connection of a parallel test takes one between the look and the use.
/// </summary>
internal static class FreePort
{
    private const int First = 12_000;
    private const int BeyondLast = 31_000;

    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    /// <summary>The port for a tunnel to listen on: any here; on a server one that is free. Asked for any, sshd and dropbear take one that is free on ::1,
    /// and call it open even when a parallel test has the same number on 127.0.0.1 (a closed connection that lingers is enough).</summary>
    public static int ForTunnel(string direction) => direction == "-R" ? Next() : 0;

    public static int Next()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(First, BeyondLast);
            if (Taken.TryAdd(port, true) && IsFree(IPAddress.Any, port) && IsFree(IPAddress.IPv6Any, port))
            {
                return port;
            }
        }
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable;
        }
    }
}
