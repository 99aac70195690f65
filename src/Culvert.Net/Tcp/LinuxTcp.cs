using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Culvert.Net.Tcp;

/// <summary>Socket options of Linux that .NET does not name (linux/tcp.h).</summary>
internal static class LinuxTcp
{
    private const int IpProtoTcp = 6, TcpInfo = 11, TcpQuickAck = 12, TcpNotSentLowAt = 25;

    // struct tcp_info: the first byte is the state; segments that are not acknowledged; bytes that were not sent.
    private const int InfoUnacknowledged = 24, InfoNotSent = 144, InfoLength = 148;
    private const byte StateClosed = 7;

    /// <summary>What the kernel holds unsent at most: enough for the next send to follow without a gap, little enough that a message
    /// queued ahead of bulk data is not behind megabytes of it.</summary>
    private const int NotSentLowWater = 256 * 1024;

    /// <summary>Re-arms TCP_QUICKACK, which the kernel disarms by itself as it likes.</summary>
    public static void AcknowledgeQuickly(Socket socket) => Set(socket, TcpQuickAck, 1);

    /// <summary>Whether the peer's system has acknowledged all that was sent, and has not answered it with a reset; null: the kernel doesn't tell.</summary>
    public static bool? IsAcknowledged(Socket socket)
    {
        Span<byte> info = stackalloc byte[InfoLength];
        try
        {
            return socket.GetRawSocketOption(IpProtoTcp, TcpInfo, info) < InfoLength
                ? null
                : info[0] != StateClosed && BitConverter.ToUInt32(info[InfoUnacknowledged..]) == 0 && BitConverter.ToUInt32(info[InfoNotSent..]) == 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Keeps the kernel's send queue short (TCP_NOTSENT_LOWAT), so that order among channels is decided by us and not lost in it.</summary>
    public static void KeepSendQueueShort(Socket socket)
    {
        if (OperatingSystem.IsLinux())
            Set(socket, TcpNotSentLowAt, NotSentLowWater);
    }

    private static void Set(Socket socket, int option, int value) =>
        socket.SetRawSocketOption(IpProtoTcp, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
}
