using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Culvert.Net.Unix;

/// <summary>Sockets that have a place in the file system and never leave this machine. Thread-safe.</summary>
public static partial class UnixSockets
{
    // Linux: SOL_SOCKET 1, SO_PEERCRED 17; struct ucred is pid, uid, gid.
    private const int SolSocket = 1, PeerCredentials = 17, UidAt = 4, CredentialsLength = 12;

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">Nobody listens there, or we may not.</exception>
    public static async ValueTask<NetworkStream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends one datagram: to a path, or to a name of the abstract kind when it begins with <c>@</c>.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="datagram">What.</param>
    /// <param name="patience">How long, to the millisecond, the caller is held up while the receiver's queue is full; by default not at all.</param>
    /// <exception cref="SocketException">Nobody listens there, or its queue stays full.</exception>
    public static void SendDatagram(string address, ReadOnlySpan<byte> datagram, TimeSpan patience = default)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = patience > TimeSpan.Zero, SendTimeout = (int)patience.TotalMilliseconds };
        // systemd writes an abstract name with @ in place of its leading zero byte.
        socket.Connect(new UnixDomainSocketEndPoint(address.StartsWith('@') ? "\0" + address[1..] : address));
        socket.Send(datagram);
    }

    /// <summary>The user at the other end, as the kernel noted it when the connection was made; null where that can't be told.</summary>
    public static UserId? PeerOf(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (OperatingSystem.IsLinux())
        {
            var credentials = new byte[CredentialsLength];
            return socket.GetRawSocketOption(SolSocket, PeerCredentials, credentials) == CredentialsLength ? User(BinaryPrimitives.ReadUInt32LittleEndian(credentials.AsSpan(UidAt))) : null;
        }
        return OperatingSystem.IsMacOS() && getpeereid((int)socket.Handle, out var uid, out _) == 0 ? User(uid) : null;

        static UserId User(uint uid) => new(uid.ToString(CultureInfo.InvariantCulture));
    }

    [LibraryImport("libc")]
    private static partial int getpeereid(int socket, out uint uid, out uint gid);
}
