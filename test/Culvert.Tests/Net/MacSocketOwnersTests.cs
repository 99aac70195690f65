using System.Buffers.Binary;
using System.Net;
using Culvert.Net.Tcp;
using Xunit;

namespace Culvert.Tests.Net;

/// <summary>The list of connections as macOS gives it, built by hand from the kernel's own description: no such system was at hand.</summary>
public sealed class MacSocketOwnersTests
{
    private const int Established = 4, Listening = 1;
    private static readonly IPEndPoint Near = new(IPAddress.Loopback, 4000), Far = new(IPAddress.Loopback, 21);
    private static readonly IPEndPoint Near6 = new(IPAddress.IPv6Loopback, 4000), Far6 = new(IPAddress.IPv6Loopback, 21);

    private static byte[] Record(int length, uint kind, Action<byte[]>? fill = null)
    {
        var record = new byte[(length + 7) & ~7];
        BinaryPrimitives.WriteInt32LittleEndian(record, length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), kind);
        fill?.Invoke(record);
        return record;
    }

    private static byte[] Connection(IPEndPoint local, IPEndPoint remote, uint user, int state, ulong handle = 7, byte? families = null, ulong? socketHandle = null) =>
    [
        .. Record(104, 0x010, bytes =>
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), handle);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(16), (ushort)remote.Port);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(18), (ushort)local.Port);
            bytes[44] = families ?? (byte)(local.Address.GetAddressBytes().Length == 4 ? 1 : 2);
            var (from, to) = (remote.Address.GetAddressBytes(), local.Address.GetAddressBytes());
            from.CopyTo(bytes, 48 + 16 - from.Length);
            to.CopyTo(bytes, 64 + 16 - to.Length);
        }),
        .. Record(76, 0x001, bytes =>
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(28), socketHandle ?? handle);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(64), user);
        }),
        .. Record(36, 0x002), .. Record(36, 0x004), .. Record(136, 0x008),
        .. Record(212, 0x020, bytes => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(36), state)),
    ];

    private static byte[] List(params IEnumerable<byte[]> connections) => [.. Record(24, 3), .. connections.SelectMany(bytes => bytes), .. Record(24, 3)];

    [Fact]
    public void A_connection_is_found_among_others()
    {
        var list = List(Connection(Far, Near, 1, Established, 1), Connection(Near, Far, 1000, Established, 2), Connection(Near6, Far6, 1001, Established, 3));
        Assert.Equal("1000", MacSocketOwners.Search(list, Near, Far)?.Value);
        Assert.Equal("1001", MacSocketOwners.Search(list, Near6, Far6)?.Value);
        Assert.Equal("1", MacSocketOwners.Search(list, Far, Near)?.Value);
        Assert.Null(MacSocketOwners.Search(list, Near, new(IPAddress.Loopback, 22)));
        Assert.Null(MacSocketOwners.Search(list, new(IPAddress.Parse("127.0.0.2"), 4000), Far));
    }

    [Fact]
    public void A_listener_is_no_connection_and_the_reverse()
    {
        var nobody = new IPEndPoint(IPAddress.Any, 0);
        Assert.Equal("1000", MacSocketOwners.Search(List(Connection(Far, nobody, 1000, Listening)), Far, null)?.Value);
        Assert.Null(MacSocketOwners.Search(List(Connection(Far, Near, 1000, Established)), Far, null));
        Assert.Null(MacSocketOwners.Search(List(Connection(Near, Far, 1000, Listening)), Near, Far));
    }

    [Fact]
    public void A_listener_on_every_address_of_both_families_serves_either()
    {
        var list = List(Connection(new(IPAddress.IPv6Any, 21), new(IPAddress.IPv6Any, 0), 1000, Listening, families: 3));
        Assert.Equal("1000", MacSocketOwners.Search(list, new(IPAddress.Any, 21), null)?.Value);
        Assert.Equal("1000", MacSocketOwners.Search(list, new(IPAddress.IPv6Any, 21), null)?.Value);
    }

    [Fact]
    public void A_socket_that_was_closed_is_nobodys() =>
        Assert.Null(MacSocketOwners.Search(List(Connection(Near, Far, 0, Established, socketHandle: 0), Connection(Far, Near, 1000, Established, 9)), Near, Far));

    [Fact]
    public void A_list_that_is_cut_anywhere_names_nobody_wrongly()
    {
        var list = List(Connection(Near, Far, 1000, Established));
        for (var length = 0; length < list.Length; length++)
            Assert.True(MacSocketOwners.Search(list.AsSpan(0, length), Near, Far)?.Value is null or "1000");
        Assert.Null(MacSocketOwners.Search(new byte[64], Near, Far)); // records of no length
    }
}
