using System.Security.Cryptography;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>An end in order: what was taken goes out as long as the peer reads, and a connection is drained when both sides have closed.</summary>
public sealed class ConnectionFarewellTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Longer than a connection's last word may take; two of them are not yet a peer that takes nothing.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(4);

    /// <summary>A connection with one channel, over a transport that takes a packet when the peer has read one.</summary>
    private sealed class Slow : IAsyncDisposable
    {
        private Slow(MemoryPacketTransport transport, FakeTimeProvider time, ClientSide client, ScriptedPeer peer, Duplex duplex) =>
            (Transport, Time, Client, Peer, Duplex) = (transport, time, client, peer, duplex);

        public MemoryPacketTransport Transport { get; }
        public FakeTimeProvider Time { get; }
        public ClientSide Client { get; }
        public ScriptedPeer Peer { get; }
        public Duplex Duplex { get; }

        public static async Task<Slow> StartAsync()
        {
            var time = new FakeTimeProvider();
            var (ours, theirs) = MemoryPacketTransport.Pair(capacity: 1, batch: 1);
            var (client, peer) = (new ClientSide(ours, time), new ScriptedPeer(theirs, Stop));
            var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default);
            await peer.ConfirmOpenAsync(7);
            return new Slow(ours, time, client, peer, (await dial.Outcome).Duplex!);
        }

        /// <summary>Time passes, at the earliest when the transport has taken what came after so many packets.</summary>
        public async Task StepAsync(int read, Task ending)
        {
            while (Transport.Sent <= read && !ending.IsCompleted)
                await Task.Yield();
            Time.Advance(Step);
        }

        public async ValueTask DisposeAsync()
        {
            await Peer.DisposeAsync();
            await Client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_peer_that_reads_slowly_gets_all_that_was_sent_in_order()
    {
        await using var slow = await Slow.StartAsync();
        var file = RandomNumberGenerator.GetBytes(ConnectionLimits.MaximumUnsentSlots * Limits.MaximumChannelPacket);
        Assert.Equal(WriteEnd.None, await slow.Duplex.WriteAsync(file, Stop));
        Assert.Equal(WriteEnd.None, await slow.Duplex.EndAsync(Stop));
        await slow.Duplex.DisposeAsync();
        var ending = slow.Client.DisposeAsync().AsTask();
        var received = new List<byte>();
        var last = new List<byte>();
        for (var read = 2; last is not [.., MessageNumber.Disconnect]; read++)
        {
            var message = await slow.Peer.ReceiveAsync();
            if (message[0] == MessageNumber.ChannelData)
                received.AddRange(ScriptedPeer.Bytes(message));
            else
                last.Add(message[0]);
            await slow.StepAsync(read, ending);
        }
        Assert.Equal(file, received);
        Assert.Equal([MessageNumber.ChannelEof, MessageNumber.ChannelClose, MessageNumber.Disconnect], last);
        await ending;
    }

    [Fact]
    public async Task A_peer_that_reads_nothing_is_given_up()
    {
        await using var slow = await Slow.StartAsync();
        await slow.Duplex.WriteAsync(new byte[ConnectionLimits.MaximumUnsentSlots * Limits.MaximumChannelPacket], Stop);
        await slow.Duplex.EndAsync(Stop);
        var ending = slow.Client.DisposeAsync().AsTask();
        slow.Time.Advance(ConnectionLimits.FarewellSilence - TimeSpan.FromTicks(1));
        Assert.False(ending.IsCompleted);
        while (!ending.IsCompleted)
        {
            slow.Time.Advance(ConnectionLimits.FarewellSilence);
            await Task.Yield();
        }
        await ending;
        Assert.Equal(0, slow.Client.Multiplexer.Buffers.Outstanding);
    }

    [Fact]
    public async Task A_peer_that_reads_a_little_now_and_then_cannot_hold_an_end_up_for_ever()
    {
        await using var slow = await Slow.StartAsync();
        for (var i = 0; i < 100; i++)
            slow.Client.Multiplexer.Reply(ChannelMessages.RequestFailure());
        var ending = slow.Client.DisposeAsync().AsTask();
        var read = 1;
        try
        {
            while (true)
            {
                await slow.Peer.ReceiveAsync();
                await slow.StepAsync(++read, ending);
            }
        }
        catch (SshConnectionException)
        {
            await ending;
        }
        Assert.InRange(read * Step, ConnectionLimits.LongestFarewell / 2, ConnectionLimits.LongestFarewell * 2);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_connection_is_drained_when_the_peer_has_closed_too(bool theirCloseIsFirst)
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        Assert.True(await client.Multiplexer.DrainAsync(Stop));
        var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default);
        var number = await peer.ConfirmOpenAsync(7);
        await using var duplex = (await dial.Outcome).Duplex!;
        var draining = client.Multiplexer.DrainAsync(Stop);
        await peer.SendAsync(ScriptedPeer.Eof(number));
        Assert.Equal(ReadEnd.Ended, (await duplex.ReadAsync(Stop)).End);
        if (theirCloseIsFirst)
        {
            Assert.False(draining.IsCompleted);
            await peer.SendAsync(ScriptedPeer.Close(number));
        }
        else
        {
            await duplex.EndAsync(Stop);
            await peer.ExpectAsync(MessageNumber.ChannelEof);
            await peer.ExpectAsync(MessageNumber.ChannelClose);
            Assert.False(draining.IsCompleted);
            await peer.SendAsync(ScriptedPeer.Close(number));
        }
        Assert.True(await draining);
        Assert.Equal(0, client.Multiplexer.Table.Count);
    }

    [Fact]
    public async Task What_is_lost_is_not_waited_for()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var client = new ClientSide(ours);
        var peer = new ScriptedPeer(theirs, Stop);
        var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default);
        await peer.ConfirmOpenAsync(7);
        await using var duplex = (await dial.Outcome).Duplex!;
        var draining = client.Multiplexer.DrainAsync(Stop);
        await peer.DisposeAsync();
        Assert.False(await draining);
        Assert.Equal(FailureKind.NetworkLost, (await client.Multiplexer.Closed).Kind);
    }
}
