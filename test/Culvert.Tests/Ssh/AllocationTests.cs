using System.Buffers.Binary;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Culvert.Tests.Ssh.Crypto;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>What a packet costs the collector once a connection is warm: nothing. Everything here runs on one thread and doesn't wait, so the count is exact. The
/// asynchronous calls around it allocate in a build for debugging only; bench/Culvert.Bench counts those.</summary>
public sealed class AllocationTests
{
    private const int Warm = 300, Counted = 1000;

    public static TheoryData<string, string?, int> Ciphers
    {
        get
        {
            var data = new TheoryData<string, string?, int>();
            foreach (var cipher in Algorithms.Of(AlgorithmKind.Cipher))
            {
                foreach (var length in (int[])[64, Limits.MaximumChannelPacket])
                    data.Add(cipher, Algorithms.BringsItsOwnMac(cipher) ? null : "hmac-sha2-256-etm@openssh.com", length);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Ciphers))]
    public void A_packet_that_is_sealed_and_opened_allocates_nothing(string cipher, string? mac, int length)
    {
        using var sealing = PacketCipherTests.Create(cipher, mac);
        using var opening = PacketCipherTests.Create(cipher, mac);
        var body = KeyedTransport.PaddedLength(length, sealing);
        var packet = new byte[4 + body + sealing.TagLength];
        var sequence = 0u;
        AssertNothing(
            () =>
            {
                BinaryPrimitives.WriteInt32BigEndian(packet, body);
                sealing.Seal(sequence, packet);
                return opening.ReadLength(sequence, packet.AsSpan(0, opening.HeadLength)) == body && opening.Open(sequence++, packet);
            });
    }

    [Theory, MemberData(nameof(Ciphers))]
    public async Task A_packet_that_lies_ready_is_taken_without_allocating(string cipher, string? mac, int length)
    {
        const int Batch = 4;
        var loop = new LoopDuplex();
        var received = new Culvert.Ssh.Transport.ReceiveBuffer(loop);
        var transport = new KeyedTransport(loop, received, "peer");
        transport.Sending.Change(PacketCipherTests.Create(cipher, mac), resetSequence: true);
        transport.Receiving.Change(PacketCipherTests.Create(cipher, mac), resetSequence: true);
        // A collection between two rounds may empty a pool of arrays, and the next round fills it again: what a packet itself allocates shows in every round.
        var excesses = new List<long>();
        for (var round = 0; round < Warm / Batch; round++)
        {
            for (var i = 0; i < Batch; i++)
                await transport.WriteAsync(new byte[length], CancellationToken.None);
            await transport.FlushAsync(CancellationToken.None);
            while (loop.Count > 0)
                await received.FillAsync(received.Count + loop.Count, CancellationToken.None);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var taken = 0;
            while (transport.TryReceive(out var payload))
                taken += payload.Length;
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(Batch * length, taken);
            if (allocated > 0)
                excesses.Add(allocated);
        }
        Assert.True(excesses.Count < Warm / Batch / 2, $"bytes: {string.Join(", ", excesses)}");
        await transport.DisposeAsync();
    }

    [Fact]
    public void A_packet_that_a_channel_sends_allocates_nothing()
    {
        var (channel, host) = Channel();
        var data = new byte[Limits.MaximumChannelPacket];
        AssertNothing(() =>
        {
            if (channel.TrySend(data, out _) != data.Length || host.Queue.TryDequeue(out var packet) != NextOutgoing.Packet)
                return false;
            host.Buffers.Slots.Return(packet.Packet);
            channel.Written(packet);
            return packet.Kind == OutgoingKind.Data;
        });
    }

    [Fact]
    public void Data_that_a_channel_receives_and_the_credit_for_it_allocate_nothing()
    {
        var (channel, host) = Channel();
        var data = new byte[Limits.MaximumChannelPacket];
        var messages = 0;

        void Receive()
        {
            channel.Data(data);
            channel.Release(channel.TryLend().Bytes.Length);
            while (host.Queue.TryDequeue(out var packet) == NextOutgoing.Packet)
            {
                messages++;
                packet.Channel!.Written(packet);
            }
        }

        for (var i = 0; i < Warm; i++)
            Receive();
        messages = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Counted; i++)
            Receive();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // At most once an eighth of the first window.
        Assert.InRange(messages, 1, Counted * Limits.MaximumChannelPacket / (Limits.InitialWindow / 8));
        Assert.Equal(0, allocated);
    }

    private static (Channel Channel, ChannelHost Host) Channel()
    {
        var buffers = new ConnectionBuffers();
        var host = new ChannelHost(new SendQueue(buffers.Slots, TimeProvider.System), buffers, new ChannelTable(), new WindowBudget(WindowBudget.DefaultBytes), new RoundTrip(TimeProvider.System), TimeProvider.System);
        var channel = new Channel(host, Priority.Bulk, remote: 0, window: uint.MaxValue, maximumPacket: Limits.MaximumChannelPacket);
        channel.Confirm();
        while (host.Queue.TryDequeue(out _) == NextOutgoing.Packet) { }
        return (channel, host);
    }

    private static void AssertNothing(Func<bool> once)
    {
        var succeeds = true;
        for (var i = 0; i < Warm; i++)
            succeeds &= once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Counted; i++)
            succeeds &= once();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(succeeds);
        Assert.Equal(0, allocated);
    }
}
