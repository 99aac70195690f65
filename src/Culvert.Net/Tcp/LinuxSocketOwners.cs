using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Culvert.Net.Tcp;

/// <summary>Asks the kernel by netlink for one exact socket (sock_diag(7)): tens of microseconds, where reading /proc/net/tcp takes
/// milliseconds per thousand sockets.</summary>
internal sealed partial class LinuxSocketOwners : SocketOwners
{
    private const int AfNetlink = 16, SockRawCloseOnExec = 3 | 0x80000, NetlinkSockDiag = 4;
    private const ushort SockDiagByFamily = 20, NlmsgError = 2, NlmFRequest = 1;
    private const byte TcpListen = 10;

    // struct nlmsghdr (16 bytes), struct inet_diag_req_v2 (56), struct inet_diag_msg (72).
    private const int Header = 16, RequestLength = Header + 56, ReplyLength = Header + 72;
    private const int SockId = 8, ReplySockId = Header + 4, ReplyState = Header + 1, ReplyUid = Header + 64, ReplyInode = Header + 68;

    public override UserId? OfConnection(IPEndPoint local, IPEndPoint remote) => Ask(local, remote, listening: false);

    public override UserId? OfListener(IPEndPoint at) =>
        Ask(at, new IPEndPoint(at.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0), listening: true);

    private static UserId? Ask(IPEndPoint local, IPEndPoint remote, bool listening)
    {
        Span<byte> message = stackalloc byte[RequestLength];
        message.Clear();
        var native = MemoryMarshal.Cast<byte, uint>(message);
        native[0] = RequestLength;
        BitConverter.TryWriteBytes(message[4..], SockDiagByFamily);
        BitConverter.TryWriteBytes(message[6..], NlmFRequest);
        var request = message[Header..];
        request[0] = (byte)(local.AddressFamily == AddressFamily.InterNetworkV6 ? 10 : 2); // AF_INET6, AF_INET
        request[1] = 6; // IPPROTO_TCP
        BitConverter.TryWriteBytes(request[4..], uint.MaxValue); // in whatever state
        BinaryPrimitives.WriteUInt16BigEndian(request[SockId..], (ushort)local.Port);
        BinaryPrimitives.WriteUInt16BigEndian(request[(SockId + 2)..], (ushort)remote.Port);
        local.Address.TryWriteBytes(request[(SockId + 4)..], out _);
        remote.Address.TryWriteBytes(request[(SockId + 20)..], out _);
        request[(SockId + 40)..].Fill(0xff); // INET_DIAG_NOCOOKIE

        Span<byte> reply = stackalloc byte[512]; // attributes we did not ask for may follow
        var length = Exchange(message, reply);
        if (length < ReplyLength || BitConverter.ToUInt16(reply[4..]) == NlmsgError)
            return null;

        // The kernel falls back to a listener at the local address when the connection is gone: that would be somebody else's socket.
        if (reply[ReplyState] == TcpListen != listening)
            return null;
        if (!listening && BinaryPrimitives.ReadUInt16BigEndian(reply[(ReplySockId + 2)..]) != remote.Port)
            return null;

        // A socket that its process has closed shows user 0 and inode 0: that is nobody, not root.
        return BitConverter.ToUInt32(reply[ReplyInode..]) == 0
            ? null
            : new UserId(BitConverter.ToUInt32(reply[ReplyUid..]).ToString(CultureInfo.InvariantCulture));
    }

    private static int Exchange(ReadOnlySpan<byte> message, Span<byte> reply)
    {
        var descriptor = socket(AfNetlink, SockRawCloseOnExec, NetlinkSockDiag);
        if (descriptor < 0)
            return -1;
        try
        {
            return send(descriptor, message, message.Length, 0) == message.Length ? (int)recv(descriptor, reply, reply.Length, 0) : -1;
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    [LibraryImport("libc")]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc")]
    private static partial nint send(int descriptor, ReadOnlySpan<byte> buffer, nint length, int flags);

    [LibraryImport("libc")]
    private static partial nint recv(int descriptor, Span<byte> buffer, nint length, int flags);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
