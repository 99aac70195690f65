using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Culvert.Net.Tcp;

/// <summary>Looks a socket up in the list of TCP connections that macOS gives to everybody (sysctl <c>net.inet.tcp.pcblist_n</c>), which holds the user
/// of each socket, also of other users' ones.</summary>
/// <remarks>The list is records of a length, a kind and fields, each padded to 8 bytes (XNU: bsd/netinet/in_pcblist.c, packed to 4). What one
/// connection is made of follows each other, the addresses before the socket. A socket that its process has closed is a record of zeros, and so nobody's.</remarks>
internal sealed partial class MacSocketOwners : SocketOwners
{
    private const string List = "net.inet.tcp.pcblist_n";

    /// <summary>Between two questions for the size and the list the list may grow; then it is asked for again, this often.</summary>
    private const int Tries = 8;

    // Every record: its length, its kind.
    private const int RecordHeader = 8, Kind = 4;
    private const uint SocketRecord = 0x001, AddressRecord = 0x010, StateRecord = 0x020;

    // struct xinpcb_n: a handle, both ports in network order, which families, both addresses (IPv4 in the last 4 of 16 bytes).
    private const int Handle = 8, ForeignPort = 16, LocalPort = 18, Families = 44, ForeignAddress = 48, LocalAddress = 64, AddressLength = 80;
    private const byte IPv4 = 1, IPv6 = 2;

    // struct xsocket_n: the same handle, and the user. struct xtcpcb_n: the state.
    private const int SocketHandle = 28, SocketUser = 64, SocketLength = 68, State = 36, StateLength = 40, Listening = 1;

    public override UserId? OfConnection(IPEndPoint local, IPEndPoint remote) => Search(ReadList(), local, remote);

    public override UserId? OfListener(IPEndPoint at)
    {
        var list = ReadList();
        var everywhere = at.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        return Search(list, at, null) ?? Search(list, new IPEndPoint(everywhere, at.Port), null);
    }

    /// <summary>The user of a connection, or of a listener when there is no <paramref name="remote"/>. Pure.</summary>
    /// <returns>Null when it isn't there, or when the list isn't what it should be.</returns>
    internal static UserId? Search(ReadOnlySpan<byte> list, IPEndPoint local, IPEndPoint? remote)
    {
        ulong handle = 0;
        UserId? user = null;
        while (TryTake(ref list, out var record))
        {
            switch (BinaryPrimitives.ReadUInt32LittleEndian(record[Kind..]))
            {
                case AddressRecord:
                    user = null;
                    handle = record.Length >= AddressLength && Matches(record, local, remote) ? BinaryPrimitives.ReadUInt64LittleEndian(record[Handle..]) : 0;
                    break;
                case SocketRecord when handle != 0 && record.Length >= SocketLength && BinaryPrimitives.ReadUInt64LittleEndian(record[SocketHandle..]) == handle:
                    user = new UserId(BinaryPrimitives.ReadUInt32LittleEndian(record[SocketUser..]).ToString(CultureInfo.InvariantCulture));
                    break;
                case StateRecord when user is not null && record.Length >= StateLength:
                    if ((BinaryPrimitives.ReadInt32LittleEndian(record[State..]) == Listening) == (remote is null))
                        return user;
                    break;
            }
        }
        return null;
    }

    private static bool Matches(ReadOnlySpan<byte> record, IPEndPoint local, IPEndPoint? remote) =>
        IsAt(record, LocalAddress, LocalPort, local) && (remote is null || IsAt(record, ForeignAddress, ForeignPort, remote));

    private static bool IsAt(ReadOnlySpan<byte> record, int address, int port, IPEndPoint at)
    {
        if (BinaryPrimitives.ReadUInt16BigEndian(record[port..]) != at.Port)
            return false;
        Span<byte> bytes = stackalloc byte[16];
        at.Address.TryWriteBytes(bytes, out var length);
        // A listener on every address of both families bears both marks.
        return (record[Families] & (length == 4 ? IPv4 : IPv6)) != 0 && record.Slice(address + 16 - length, length).SequenceEqual(bytes[..length]);
    }

    private static bool TryTake(ref ReadOnlySpan<byte> list, out ReadOnlySpan<byte> record)
    {
        record = default;
        if (list.Length < RecordHeader)
            return false;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(list);
        if (length < RecordHeader || length > list.Length)
            return false;
        record = list[..(int)length];
        list = list[Math.Min((int)(length + 7 & ~7u), list.Length)..];
        return true;
    }

    private static ReadOnlySpan<byte> ReadList()
    {
        for (var tries = 0; tries < Tries; tries++)
        {
            nint length = 0;
            if (sysctlbyname(List, null, ref length, 0, 0) != 0)
                break;
            length += length / 8; // what may come meanwhile
            var list = new byte[length];
            if (sysctlbyname(List, list, ref length, 0, 0) == 0)
                return list.AsSpan(0, (int)length);
        }
        return default;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int sysctlbyname(string name, [Out] byte[]? old, ref nint oldLength, nint @new, nint newLength);
}
