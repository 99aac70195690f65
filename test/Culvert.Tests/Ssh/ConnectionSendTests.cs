using CsCheck;
using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Culvert.Tests.Ssh.Transport;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>sshd drops what exceeds its window or packet size: our accounting against a peer that counts.</summary>
public sealed class ConnectionSendTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private const int Runs = 25;

    private static readonly Gen<(uint Window, uint Packet, int[] Writes, int[] Adjusts, int Capacity)> Scripts = Gen.Select(
        Gen.UInt[0, 100_000], Gen.OneOf(Gen.UInt[1, 64], Gen.UInt[65, 40_000], Gen.Const(uint.MaxValue)),
        Gen.Int[0, 70_000].Array[1, 8], Gen.Int[1, 50_000].Array[1, 6], Gen.Int[1, 40]);

    [Fact]
    public async Task Never_sends_more_than_window_and_packet_allow_and_all_of_it() =>
        await Scripts.SampleAsync(async script =>
        {
            var (ours, theirs) = MemoryPacketTransport.Pair(script.Capacity);
            await SendAsync(script, ours, theirs);
        }, iter: 60, threads: 1);

    /// <summary>A change of keys holds the writer in the middle of a window, and both sides may begin one at any packet.</summary>
    [Fact]
    public async Task Nor_while_keys_are_changed()
    {
        var exchanges = 0;
        await Gen.Select(Scripts, Gen.Long[3000, 60_000], Gen.Long[20, 300]).SampleAsync(async (script, bytes, packets) =>
        {
            var (client, server) = (new TransportOptions { Rekey = new() { Bytes = bytes } }, new TransportOptions { Rekey = new() { Packets = packets } });
            await using var pair = await TransportPair.CreateAsync(client, server, Stop, capacity: 1000 * script.Capacity);
            await SendAsync(script, pair.ClientSide, new Pumped(pair.ServerSide));
            exchanges += pair.ClientSide.KeyExchanges - 1;
        }, iter: Runs, threads: 1);
        Assert.InRange(exchanges, Runs, int.MaxValue);
    }

    /// <summary>Small packets with large data are many messages: less data then.</summary>
    private static int Scale(uint packet) => packet < 65 ? 500 : 1;

    /// <summary>Sends all that the script wants over a connection whose peer counts every byte.</summary>
    private static async Task SendAsync((uint Window, uint Packet, int[] Writes, int[] Adjusts, int Capacity) script, IPacketTransport ours, IPacketTransport theirs)
    {
        var writes = script.Writes.Select(size => size / Scale(script.Packet)).ToArray();
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default);
        await peer.ConfirmOpenAsync(7, script.Window, script.Packet);
        var duplex = (await dial.Outcome).Duplex!;
        var writing = WriteAsync(duplex, writes);

        long window = script.Window, received = 0;
        var adjusts = 0;
        byte expected = 0;
        while (true)
        {
            var total = writes.Sum();
            while (window == 0 && received < total)
            {
                var more = (uint)script.Adjusts[adjusts++ % script.Adjusts.Length];
                window += more;
                await peer.SendAsync(ScriptedPeer.Adjust(0, more));
            }
            var payload = await peer.ReceiveAsync();
            if (payload[0] == MessageNumber.ChannelEof)
            {
                Assert.Equal(total, received);
                break;
            }
            Assert.Equal(MessageNumber.ChannelData, payload[0]);
            var bytes = ScriptedPeer.Bytes(payload);
            Assert.True(bytes.Length <= script.Packet, "larger than the peer's packets");
            Assert.True(bytes.Length <= window, "more than the window");
            foreach (var b in bytes)
                Assert.Equal(expected++, b);
            window -= bytes.Length;
            received += bytes.Length;
        }
        Assert.Equal(WriteEnd.None, await writing);
        await duplex.DisposeAsync();
        Assert.Equal(0, client.Multiplexer.Buffers.Slots.Outstanding);
    }

    [Fact]
    public async Task What_the_window_does_not_take_waits_for_credit()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default);
        await peer.ConfirmOpenAsync(7, window: 10);
        await using var duplex = (await dial.Outcome).Duplex!;
        Assert.Equal(WriteEnd.None, await duplex.WriteAsync(new byte[4], Stop));
        var waiting = duplex.WriteAsync(new byte[8], Stop).AsTask();
        Assert.False(waiting.IsCompleted);
        await peer.SendAsync(ScriptedPeer.Adjust(0, 1));
        Assert.Equal(4, ScriptedPeer.Bytes(await peer.ExpectAsync(MessageNumber.ChannelData)).Length);
        Assert.Equal(6, ScriptedPeer.Bytes(await peer.ExpectAsync(MessageNumber.ChannelData)).Length);
        Assert.Single(ScriptedPeer.Bytes(await peer.ExpectAsync(MessageNumber.ChannelData)));
        Assert.False(waiting.IsCompleted);
        await peer.SendAsync(ScriptedPeer.Adjust(0, 1));
        Assert.Single(ScriptedPeer.Bytes(await peer.ExpectAsync(MessageNumber.ChannelData)));
        Assert.Equal(WriteEnd.None, await waiting);
    }

    [Fact]
    public async Task One_channel_fills_neither_memory_nor_the_queue()
    {
        // The peer reads nothing, and its window is endless.
        var (ours, theirs) = MemoryPacketTransport.Pair(capacity: 1, batch: 1);
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default with { Priority = Priority.Bulk });
        await peer.ConfirmOpenAsync(7, uint.MaxValue);
        var duplex = (await dial.Outcome).Duplex!;
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var writing = duplex.WriteAsync(new byte[4 * 1024 * 1024], giveUp.Token).AsTask();
        // What was taken before the writer had to wait was taken synchronously or by loops that are quiet now; whenever we look, it's bounded.
        for (var i = 0; i < 200; i++)
        {
            Assert.InRange(client.Multiplexer.Buffers.Slots.Outstanding, 0, ConnectionLimits.MaximumUnsentSlots + 1);
            await Task.Yield();
        }
        Assert.False(writing.IsCompleted);

        // Another channel still gets its slot, and is heard before what of the first is queued.
        var other = client.Network.Connect(new Endpoint("far", 22), ConnectOptions.Default);
        byte[] payload;
        var before = 0;
        while ((payload = await peer.ReceiveAsync())[0] != MessageNumber.ChannelOpen)
            before++;
        Assert.InRange(before, 0, 4);
        other.Abort();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        duplex.Abort();
        await duplex.DisposeAsync();
    }

    [Fact]
    public async Task An_open_is_sent_before_what_is_written_after_it_on_any_channel()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var control = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default);
        await peer.ConfirmOpenAsync(7);
        await using var duplex = (await control.Outcome).Duplex!;
        for (var i = 0; i < 50; i++)
        {
            var data = client.Network.Connect(new Endpoint("far", 1000 + i), ConnectOptions.Default with { Priority = Priority.Bulk });
            await duplex.WriteAsync("RETR x\r\n"u8.ToArray(), Stop);
            await peer.ExpectAsync(MessageNumber.ChannelOpen);
            await peer.ExpectAsync(MessageNumber.ChannelData);
            data.Abort();
        }
    }

    [Fact]
    public async Task Bulk_waits_for_interactive_but_not_for_ever()
    {
        var pool = new BufferPool(100, 1);
        using var queue = new SendQueue(pool, TimeProvider.System);
        queue.Enqueue(new Outgoing([1]), Priority.Bulk);
        for (var i = 0; i < 100; i++)
            queue.Enqueue(new Outgoing([0]), Priority.Interactive);
        var order = new List<byte>();
        while (queue.TryDequeue(out var packet) == NextOutgoing.Packet)
            order.Add(packet.Packet[0]);
        Assert.Equal(101, order.Count);
        Assert.Equal(ConnectionLimits.MaximumInteractiveRun, order.IndexOf(1));
        queue.Enqueue(new Outgoing([2]), Priority.Bulk);
        queue.Finish(drop: false);
        queue.Enqueue(new Outgoing([3]), Priority.Interactive);
        Assert.Equal(NextOutgoing.Packet, queue.TryDequeue(out var last));
        Assert.Equal([2], last.Packet);
        Assert.Equal(NextOutgoing.Finished, queue.TryDequeue(out _));
        await queue.WaitAsync(Stop);
    }

    private static async Task<WriteEnd> WriteAsync(Duplex duplex, int[] sizes)
    {
        byte next = 0;
        foreach (var size in sizes)
        {
            var bytes = new byte[size];
            for (var i = 0; i < size; i++)
                bytes[i] = next++;
            if (await duplex.WriteAsync(bytes, Stop) is var end && end != WriteEnd.None)
                return end;
        }
        return await duplex.EndAsync(Stop);
    }

    /// <summary>A transport that somebody always receives from, as keys can't be changed otherwise.</summary>
    private sealed class Pumped : IPacketTransport
    {
        private readonly IPacketTransport _inner;
        private readonly System.Threading.Channels.Channel<byte[]> _received = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        private readonly Task _pumping;

        public Pumped(IPacketTransport inner) => (_inner, _pumping) = (inner, PumpAsync(inner));

        public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken) => await _received.Reader.ReadAsync(cancellationToken);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) => _inner.WriteAsync(payload, cancellationToken);

        public ValueTask FlushAsync(CancellationToken cancellationToken) => _inner.FlushAsync(cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await _inner.DisposeAsync();
            await _pumping;
        }

        private async Task PumpAsync(IPacketTransport inner)
        {
            try
            {
                while (true)
                    await _received.Writer.WriteAsync((await inner.ReceiveAsync(Stop)).ToArray(), Stop);
            }
            catch (Exception e)
            {
                // Whatever it is: who waits for the next packet fails of it, and doesn't wait for ever.
                _received.Writer.Complete(e);
            }
        }
    }
}
