using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>The life of a channel against a scripted peer: ends, aborts, refusals, numbers.</summary>
public sealed class ConnectionChannelTests
{
    private static readonly Endpoint Far = new("far", 21);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Halves_end_separately_our_half_first()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Duplex.WriteAsync("question"u8.ToArray(), Stop);
        Assert.Equal(WriteEnd.None, await one.Duplex.EndAsync(Stop));
        Assert.Equal(WriteEnd.None, await one.Duplex.EndAsync(Stop));
        Assert.Equal("question"u8.ToArray(), ScriptedPeer.Bytes(await one.Peer.ExpectAsync(MessageNumber.ChannelData)));
        await one.Peer.ExpectAsync(MessageNumber.ChannelEof);
        // The answer comes after our end, as a peer that waits for the end of its input gives it.
        await one.Peer.SendAsync(ScriptedPeer.Data(0, "answer"u8), ScriptedPeer.Eof(0));
        Assert.Equal("answer"u8.ToArray(), await ReadAsync(one.Duplex, ReadEnd.Ended));
        await one.Peer.ExpectAsync(MessageNumber.ChannelClose);
        Assert.Equal(WriteEnd.Closed, await one.Duplex.WriteAsync(new byte[1], Stop));
        Assert.Equal(1, one.Client.Multiplexer.Table.Count);
        await one.Peer.SendAsync(ScriptedPeer.Close(0));
        await EndOfChannelsAsync(one);
    }

    [Fact]
    public async Task Halves_end_separately_their_half_first()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Peer.SendAsync(ScriptedPeer.Data(0, "greeting"u8), ScriptedPeer.Eof(0));
        Assert.Equal("greeting"u8.ToArray(), await ReadAsync(one.Duplex, ReadEnd.Ended));
        Assert.Equal(WriteEnd.None, await one.Duplex.WriteAsync("late"u8.ToArray(), Stop));
        await one.Duplex.EndAsync(Stop);
        await one.Peer.ExpectAsync(MessageNumber.ChannelData);
        await one.Peer.ExpectAsync(MessageNumber.ChannelEof);
        await one.Peer.ExpectAsync(MessageNumber.ChannelClose);
    }

    [Fact]
    public async Task Close_without_eof_is_lost_after_the_data()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Peer.SendAsync(ScriptedPeer.Data(0, "some"u8), ScriptedPeer.Close(0));
        await one.Peer.ExpectAsync(MessageNumber.ChannelClose);
        Assert.Equal("some"u8.ToArray(), await ReadAsync(one.Duplex, ReadEnd.Lost));
        Assert.Equal(WriteEnd.Closed, await one.Duplex.WriteAsync(new byte[1], Stop));
        await EndOfChannelsAsync(one);
    }

    [Fact]
    public async Task Abort_ends_both_halves_and_drops_what_still_comes()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Peer.SendAsync(ScriptedPeer.Data(0, new byte[100]));
        var lent = await one.Duplex.ReadAsync(Stop);
        Assert.Equal(100, lent.Bytes.Length);
        one.Duplex.Abort();
        one.Duplex.Abort();
        // What is lent stays where it is until it's given back.
        Assert.Equal(1, one.Client.Multiplexer.Buffers.Outstanding);
        Assert.Equal(new byte[100], lent.Bytes.ToArray());
        one.Duplex.Release(100);
        Assert.Equal(0, one.Client.Multiplexer.Buffers.Outstanding);
        Assert.Equal(ReadEnd.Reset, (await one.Duplex.ReadAsync(Stop)).End);
        Assert.Equal(WriteEnd.Closed, await one.Duplex.WriteAsync(new byte[1], Stop));
        await one.Peer.ExpectAsync(MessageNumber.ChannelClose);
        // Racing with our CLOSE, and beyond any window: nobody counts.
        for (var i = 0; i < 100; i++)
            await one.Peer.SendAsync(ScriptedPeer.Data(0, new byte[32 * 1024]));
        await one.Peer.SendAsync(ScriptedPeer.Close(0));
        await EndOfChannelsAsync(one);
        Assert.False(one.Client.Multiplexer.Closed.IsCompleted);
    }

    [Theory]
    [InlineData(false, false, 0, 3)]
    [InlineData(true, false, ConnectionLimits.MaximumUnsentSlots, ConnectionLimits.MaximumUnsentSlots)]
    [InlineData(false, true, ConnectionLimits.MaximumUnsentSlots, ConnectionLimits.MaximumUnsentSlots)]
    public async Task Abort_drops_what_is_queued_unless_it_is_in_order_or_an_end_was_said_behind_it(bool inOrder, bool ended, int fewest, int most)
    {
        // One packet at a time is on its way, the others wait in the queue.
        var (ours, theirs) = MemoryPacketTransport.Pair(capacity: 1, batch: 1);
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var dial = client.Network.Connect(Far, ConnectOptions.Default);
        await peer.ConfirmOpenAsync(7);
        await using var duplex = (await dial.Outcome).Duplex!;
        await duplex.WriteAsync(new byte[ConnectionLimits.MaximumUnsentSlots * Limits.MaximumChannelPacket], Stop);
        if (ended)
            await duplex.EndAsync(Stop);
        if (inOrder)
            duplex.AbortInOrder();
        else
            duplex.Abort();
        await duplex.DisposeAsync();
        var (packets, next) = (0, MessageNumber.ChannelData);
        while ((next = (await peer.ReceiveAsync())[0]) == MessageNumber.ChannelData)
            packets++;
        Assert.InRange(packets, fewest, most);
        if (ended)
        {
            Assert.Equal(MessageNumber.ChannelEof, next);
            next = (await peer.ReceiveAsync())[0];
        }
        Assert.Equal(MessageNumber.ChannelClose, next);
    }

    [Fact]
    public async Task What_is_lent_stays_where_it_is_although_its_owner_is_through_and_its_peer_has_ended()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Peer.SendAsync(ScriptedPeer.Data(0, new byte[100]), ScriptedPeer.Eof(0));
        var lent = await one.Duplex.ReadAsync(Stop);
        await one.Duplex.DisposeAsync();
        await one.Peer.ExpectAsync(MessageNumber.ChannelClose);
        Assert.Equal(1, one.Client.Multiplexer.Buffers.Outstanding);
        one.Duplex.Release(lent.Bytes.Length);
        Assert.Equal(0, one.Client.Multiplexer.Buffers.Outstanding);
    }

    [Fact]
    public async Task Abort_wakes_a_reader_and_a_writer_that_wait()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        var reading = one.Duplex.ReadAsync(Stop).AsTask();
        var writing = one.Duplex.WriteAsync(new byte[3 * 1024 * 1024], Stop).AsTask();
        one.Duplex.Abort();
        Assert.Equal(ReadEnd.Reset, (await reading).End);
        Assert.Equal(WriteEnd.Closed, await writing);
    }

    [Fact]
    public async Task A_cancelled_read_leaves_the_channel_usable()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        for (var i = 0; i < 3; i++)
        {
            using var giveUp = new CancellationTokenSource();
            var reading = one.Duplex.ReadAsync(giveUp.Token).AsTask();
            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        }
        await one.Peer.SendAsync(ScriptedPeer.Data(0, [1]));
        Assert.Equal(ReadEnd.None, (await one.Duplex.ReadAsync(Memory<byte>.Empty, Stop)).End);
        Assert.Equal(1, (await one.Duplex.ReadAsync(new byte[5], Stop)).Bytes.Length);
    }

    [Fact]
    public async Task A_number_is_used_again_only_after_both_closes()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        one.Duplex.Abort();
        await one.Peer.ExpectAsync(MessageNumber.ChannelClose);
        var second = one.Client.Network.Connect(Far, ConnectOptions.Default);
        Assert.Equal(1u, ScriptedPeer.Sender(await one.Peer.ExpectAsync(MessageNumber.ChannelOpen)));
        await one.Peer.SendAsync(ScriptedPeer.Close(0));
        await one.Peer.SendAsync(ScriptedPeer.Confirmation(1, 8, 1, 1));
        await using var duplex = (await second.Outcome).Duplex!;
        while (one.Client.Multiplexer.Table.Count > 1)
            await Task.Yield();
        _ = one.Client.Network.Connect(Far, ConnectOptions.Default);
        Assert.Equal(0u, ScriptedPeer.Sender(await one.Peer.ExpectAsync(MessageNumber.ChannelOpen)));
    }

    [Fact]
    public async Task Refusing_a_channel_costs_little_however_long_its_type_is()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Peer.SendAsync(new SshWriter().Byte(MessageNumber.ChannelOpen).String(new byte[200_000]).UInt32(1).UInt32(0).UInt32(1).ToArray());
        Assert.InRange((await one.Peer.ExpectAsync(MessageNumber.ChannelOpenFailure)).Length, 1, 2000);
    }

    [Theory]
    [InlineData(1u, "open failed", FailureKind.Prohibited, "open failed: administratively prohibited: open failed")]
    [InlineData(2u, "Connection refused", FailureKind.Refused, "open failed: connect failed: Connection refused")]
    [InlineData(2u, "Name or service not known", FailureKind.UnknownName, "open failed: connect failed: Name or service not known")]
    [InlineData(2u, "No route to host", FailureKind.Unreachable, "open failed: connect failed: No route to host")]
    [InlineData(2u, "Connection timed out", FailureKind.Timeout, "open failed: connect failed: Connection timed out")]
    [InlineData(2u, "bad\u0007th\u202Eing.", FailureKind.Refused, "open failed: connect failed: bad\\x07th\\u202Eing")]
    [InlineData(3u, "", FailureKind.Prohibited, "open failed: unknown channel type")]
    [InlineData(4u, "full", FailureKind.Shortage, "open failed: resource shortage: full")]
    [InlineData(0xFE000000u, "odd", FailureKind.Refused, "open failed: unknown reason: odd")]
    public async Task A_refused_open_says_why(uint reason, string text, FailureKind kind, string expected)
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var dial = client.Network.Connect(Far, ConnectOptions.Default);
        var sender = ScriptedPeer.Sender(await peer.ExpectAsync(MessageNumber.ChannelOpen));
        await peer.SendAsync(ChannelMessages.OpenFailure(sender, (OpenReason)reason, text));
        Assert.Equal(new Failure(kind, expected), (await dial.Outcome).Failure);
        Assert.Equal(0, client.Multiplexer.Table.Count);
        Assert.Equal(0, client.Budget.Granted);
    }

    [Fact]
    public async Task A_dial_given_up_keeps_its_number_until_the_answer()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        var time = new FakeTimeProvider();
        await using var client = new ClientSide(ours, time);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var aborted = client.Network.Connect(Far, ConnectOptions.Default);
        var late = client.Network.Connect(Far, ConnectOptions.Default with { Timeout = TimeSpan.FromSeconds(5) });
        aborted.Abort();
        aborted.Abort();
        Assert.Equal(FailureKind.Aborted, (await aborted.Outcome).Failure!.Kind);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(FailureKind.Timeout, (await late.Outcome).Failure!.Kind);
        Assert.Equal(2, client.Multiplexer.Table.Count);
        // A server that never answers keeps numbers, but nobody else's windows small.
        Assert.Equal(0, client.Budget.Granted);
        await peer.ConfirmOpenAsync(7);
        await peer.ConfirmOpenAsync(8);
        // Early bytes are within the first window, and nobody's.
        await peer.SendAsync(ScriptedPeer.Data(0, new byte[1000]));
        Assert.Equal(ScriptedPeer.Close(7), await peer.ExpectAsync(MessageNumber.ChannelClose));
        Assert.Equal(ScriptedPeer.Close(8), await peer.ExpectAsync(MessageNumber.ChannelClose));
        await peer.SendAsync(ScriptedPeer.Close(0), ScriptedPeer.Close(1));
        while (client.Multiplexer.Table.Count > 0)
            await Task.Yield();
        Assert.Equal(0, client.Budget.Granted);
        Assert.Equal(0, client.Multiplexer.Buffers.Outstanding);
    }

    [Fact]
    public async Task Too_many_channels_are_a_shortage_here()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var dials = Enumerable.Range(0, ConnectionLimits.MaximumChannels + 1).Select(_ => client.Network.Connect(Far, ConnectOptions.Default)).ToArray();
        Assert.Equal(FailureKind.Shortage, (await dials[^1].Outcome).Failure!.Kind);
        Assert.False(dials[0].Outcome.IsCompleted);
        await client.DisposeAsync();
        foreach (var dial in dials[..^1])
            Assert.Equal(FailureKind.NetworkLost, (await dial.Outcome).Failure!.Kind);
        Assert.Equal(FailureKind.NetworkLost, (await client.Network.Connect(Far, ConnectOptions.Default).Outcome).Failure!.Kind);
        Assert.Equal(0, client.Budget.Granted);
    }

    [Fact]
    public async Task Unknown_requests_are_refused_and_unknown_channels_end_the_connection()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Peer.SendAsync(new SshWriter().Byte(MessageNumber.ChannelRequest).UInt32(0).String("keepalive@openssh.com").Bool(true).ToArray());
        Assert.Equal(ChannelMessages.Simple(MessageNumber.ChannelFailure, 7), await one.Peer.ReceiveAsync());
        await one.Peer.SendAsync(new SshWriter().Byte(MessageNumber.ChannelRequest).UInt32(0).String("eow@openssh.com").Bool(false).ToArray());
        await one.Peer.SendAsync(ChannelMessages.GlobalRequest("keepalive@openssh.com", true, []), ChannelMessages.GlobalRequest("hostkeys-00@openssh.com", false, [1, 2]));
        await one.Peer.ExpectAsync(MessageNumber.RequestFailure);
        Assert.Equal(WriteEnd.Closed, await one.Duplex.WriteAsync(new byte[1], Stop));
        await one.Peer.SendAsync(ScriptedPeer.Data(99, [1]));
        Assert.Contains("channel 99, which does not exist", (await one.Client.Multiplexer.Closed).Text, StringComparison.Ordinal);
        Assert.Equal(2, (await one.Peer.ExpectAsync(MessageNumber.Disconnect))[4]);
    }

    [Fact]
    public async Task The_end_in_order_sends_what_is_queued_and_says_so()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Duplex.WriteAsync("last words"u8.ToArray(), Stop);
        var closing = one.Client.DisposeAsync();
        await one.Peer.ExpectAsync(MessageNumber.ChannelData);
        Assert.Equal(11, (await one.Peer.ExpectAsync(MessageNumber.Disconnect))[4]);
        await closing;
        Assert.Equal(ReadEnd.Lost, (await one.Duplex.ReadAsync(Stop)).End);
    }

    [Fact]
    public async Task The_peers_disconnect_is_the_reason()
    {
        await using var one = await ConnectionReceiveTests.OpenAsync();
        await one.Peer.SendAsync(ScriptedPeer.Data(0, [1]), ChannelMessages.Disconnect(Culvert.Ssh.DisconnectReason.ByApplication, "go\naway"));
        Assert.Equal("the other side disconnected: go away", (await one.Client.Multiplexer.Closed).Text);
        Assert.Equal([1], await ReadAsync(one.Duplex, ReadEnd.Lost));
    }

    internal static async Task<byte[]> ReadAsync(Duplex duplex, ReadEnd expected)
    {
        var all = new MemoryStream();
        while (true)
        {
            var read = await duplex.ReadAsync(Stop);
            if (read.End != ReadEnd.None)
            {
                Assert.Equal(expected, read.End);
                return all.ToArray();
            }
            all.Write(read.Bytes.Span);
            duplex.Release(read.Bytes.Length);
        }
    }

    private static async Task EndOfChannelsAsync(ConnectionReceiveTests.OneChannel one)
    {
        while (one.Client.Multiplexer.Table.Count > 0)
            await Task.Yield();
    }
}
