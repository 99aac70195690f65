using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Culvert.Net.Tcp;

/// <summary>Looks a socket up in the system's table of TCP connections with their process ids, and takes the user of that process.</summary>
internal sealed partial class WindowsSocketOwners : SocketOwners
{
    private const uint AfInet = 2, AfInet6 = 23, OwnerPidAll = 5, InsufficientBuffer = 122, Listen = 2;

    // MIB_TCPROW_OWNER_PID: state, local address, local port, remote address, remote port, process: 24 bytes.
    // MIB_TCP6ROW_OWNER_PID: local address[16], scope, port, remote address[16], scope, port, state, process: 56 bytes.
    private const int Row4 = 24, Row6 = 56;

    public override UserId? OfConnection(IPEndPoint local, IPEndPoint remote) => Find(local, remote);

    public override UserId? OfListener(IPEndPoint at) =>
        Find(at, null) ?? Find(new IPEndPoint(at.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, at.Port), null);

    private static UserId? Find(IPEndPoint local, IPEndPoint? remote)
    {
        if (!OperatingSystem.IsWindows())
            return null;
        var six = local.AddressFamily == AddressFamily.InterNetworkV6;
        var size = 64 * 1024;
        while (true)
        {
            var table = ArrayPool<byte>.Shared.Rent(size);
            try
            {
                size = table.Length;
                var status = GetExtendedTcpTable(table, ref size, false, six ? AfInet6 : AfInet, OwnerPidAll, 0);
                if (status == InsufficientBuffer)
                {
                    // Others connect meanwhile: what was enough a moment ago may not be.
                    size += size / 2;
                    continue;
                }
                return status == 0 ? Search(table, six, local, remote) : null;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(table);
            }
        }
    }

    [SupportedOSPlatform("windows")]
    private static UserId? Search(ReadOnlySpan<byte> table, bool six, IPEndPoint local, IPEndPoint? remote)
    {
        var count = BitConverter.ToInt32(table);
        for (var i = 0; i < count; i++)
        {
            var row = six ? table.Slice(4 + (i * Row6), Row6) : table.Slice(4 + (i * Row4), Row4);
            var state = BitConverter.ToUInt32(six ? row[48..] : row);
            var rowLocal = new IPEndPoint(new IPAddress(six ? row[..16] : row[4..8]), BinaryPrimitives.ReadUInt16BigEndian(six ? row[20..] : row[8..]));
            var rowRemote = new IPEndPoint(new IPAddress(six ? row[24..40] : row[12..16]), BinaryPrimitives.ReadUInt16BigEndian(six ? row[44..] : row[16..]));
            if (rowLocal.Equals(local) && (remote is null ? state == Listen : rowRemote.Equals(remote)))
                return LocalUsers.OfProcess(BitConverter.ToUInt32(six ? row[52..] : row[20..]));
        }
        return null;
    }

    [LibraryImport("iphlpapi.dll")]
    private static partial uint GetExtendedTcpTable([Out] byte[] table, ref int size, [MarshalAs(UnmanagedType.Bool)] bool ordered, uint family, uint tableClass, uint reserved);
}
