using System.Buffers.Binary;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Transport;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Tests.OpenSsh;

/// <summary>RFC 4254 over a connection that another program shares.</summary>
public sealed class ProxiedConnectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static byte[] Framed(byte[] payload)
    {
        var packet = new byte[payload.Length + 5];
        BinaryPrimitives.WriteInt32BigEndian(packet, payload.Length + 1);
        payload.CopyTo(packet, 5);
        return packet;
    }

    [Fact]
    public async Task Payloads_of_every_size_pass_both_ways_however_they_are_cut()
    {
        var (here, there) = MemoryDuplex.Pair(capacity: 7);
        await using var transport = new ProxiedTransport(here);
        foreach (var length in (int[])[1, 2, 100, 40_000, 200_000, 1])
        {
            var payload = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
            var sending = there.WriteAsync(Framed(payload), Cancel).AsTask();
            Assert.Equal(payload, (await transport.ReceiveAsync(Cancel)).ToArray());
            await sending;
        }
        await transport.WriteAsync(new byte[] { 1, 2, 3 }, Cancel);
        await transport.WriteAsync(new byte[] { 4 }, Cancel);
        var flushing = transport.FlushAsync(Cancel).AsTask();
        var expected = "0000000400010203" + "000000020004";
        var got = "";
        while (got.Length < expected.Length)
        {
            var read = await there.ReadAsync(new byte[64], Cancel);
            Assert.Equal(ReadEnd.None, read.End);
            got += Convert.ToHexString(read.Bytes.Span);
        }
        Assert.Equal(expected, got);
        await flushing;
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(0xffffffffu)]
    [InlineData(0x00100000u)]
    public async Task A_length_that_no_message_has_ends_it_before_anything_is_kept(uint length)
    {
        var (here, there) = MemoryDuplex.Pair();
        await using var transport = new ProxiedTransport(here);
        var head = new byte[5];
        BinaryPrimitives.WriteUInt32BigEndian(head, length);
        await there.WriteAsync(head, Cancel);
        await Assert.ThrowsAsync<SshProtocolException>(() => transport.ReceiveAsync(Cancel).AsTask());
    }

    [Fact]
    public async Task The_end_of_the_program_is_a_loss_and_no_end()
    {
        var (here, there) = MemoryDuplex.Pair();
        await using var connection = new ProxiedConnection(here, NullLoggerFactory.Instance, TimeProvider.System);
        var dial = connection.Network.Connect(new Endpoint("localhost", 21), ConnectOptions.Default);
        await there.DisposeAsync();
        Assert.Equal(FailureKind.NetworkLost, (await dial.Outcome).Failure!.Kind);
        Assert.Equal(FailureKind.NetworkLost, (await connection.Closed).Kind);
    }

    [Fact]
    public async Task Ending_it_says_nothing_that_would_end_the_programs_own_connection()
    {
        const byte disconnect = 1;
        var (here, there) = MemoryDuplex.Pair();
        var connection = new ProxiedConnection(here, NullLoggerFactory.Instance, TimeProvider.System);
        await connection.DisposeAsync();
        var said = new List<byte>();
        while (await there.ReadAsync(new byte[64], Cancel) is { End: ReadEnd.None } read)
            said.AddRange(read.Bytes.ToArray());
        Assert.DoesNotContain(disconnect, said);
        Assert.Empty(said);
    }
}
