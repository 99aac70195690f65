using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>Ports on the server.</summary>
public sealed class ConnectionListenerTests
{
    private static readonly Endpoint Originator = new("192.0.2.1", 5555);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_right_behind_the_answer_is_not_lost()
    {
        await using var one = new Fixture(Stop);
        var listening = one.Client.Network.ListenAsync(new Endpoint("127.0.0.1", 0), ListenOptions.Default, Stop).AsTask();
        await one.Peer.ExpectAsync(MessageNumber.GlobalRequest);
        // One flush: nothing of ours can run between the two.
        await one.Peer.SendAsync(ChannelMessages.RequestSuccess(4242), ScriptedPeer.Forwarded(3, new Endpoint("127.0.0.1", 4242), Originator));
        await one.Peer.ExpectAsync(MessageNumber.ChannelOpenConfirmation);
        await using var listener = await listening;
        Assert.Equal(new Endpoint("127.0.0.1", 4242), listener.LocalEndpoint);
        var (duplex, from) = await listener.AcceptAsync(Stop);
        Assert.Equal(new Peer(Originator, AddressKnowledge.Claimed, null, null), from);
        Assert.False(from.IsLocal);
        duplex.Abort();
        await duplex.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_before_the_answer_is_refused()
    {
        await using var one = new Fixture(Stop);
        _ = one.Client.Network.ListenAsync(new Endpoint("127.0.0.1", 4242), ListenOptions.Default, Stop).AsTask();
        await one.Peer.ExpectAsync(MessageNumber.GlobalRequest);
        await one.Peer.SendAsync(ScriptedPeer.Forwarded(3, new Endpoint("127.0.0.1", 4242), Originator));
        Assert.Equal(1, (await one.Peer.ExpectAsync(MessageNumber.ChannelOpenFailure))[8]);
        Assert.Equal(0, one.Client.Multiplexer.Table.Count);
    }

    [Theory]
    [InlineData("localhost", 2121, true)]  // as it was asked for
    [InlineData("127.0.0.1", 2121, true)]  // the address that was bound
    [InlineData("localhost", 2122, false)]
    [InlineData("localhost", 0, false)]    // only a server that chose the port itself may forget it
    public async Task Connections_are_matched_by_address_and_port(string host, int port, bool accepted)
    {
        await using var one = new Fixture(Stop);
        await using var listener = await one.ListenAsync(new Endpoint("localhost", 2121), []);
        await one.Peer.SendAsync(ScriptedPeer.Forwarded(3, new Endpoint(host, port), Originator));
        await one.Peer.ExpectAsync(accepted ? MessageNumber.ChannelOpenConfirmation : MessageNumber.ChannelOpenFailure);
    }

    [Fact]
    public async Task Two_listeners_on_one_port_are_told_apart_by_address_alone()
    {
        await using var one = new Fixture(Stop);
        await using var first = await one.ListenAsync(new Endpoint("127.0.0.1", 2121), []);
        await using var second = await one.ListenAsync(new Endpoint("::1", 2121), []);
        await one.Peer.SendAsync(ScriptedPeer.Forwarded(3, new Endpoint("::1", 2121), Originator));
        await one.Peer.ExpectAsync(MessageNumber.ChannelOpenConfirmation);
        await second.AcceptAsync(Stop);
        await one.Peer.SendAsync(ScriptedPeer.Forwarded(4, new Endpoint("0.0.0.0", 2121), Originator));
        await one.Peer.ExpectAsync(MessageNumber.ChannelOpenFailure);
    }

    [Fact]
    public async Task Odd_answers_are_understood()
    {
        await using var one = new Fixture(Stop);
        // A port that nobody asked for, and bytes behind the one that was.
        await using var fixedPort = await one.ListenAsync(new Endpoint("", 2121), [0, 0, 8, 73]);
        await using var dynamicPort = await one.ListenAsync(new Endpoint("*", 0), [0, 0, 16, 146, 9, 9, 9, 9]);
        Assert.Equal(new Endpoint("", 4242), dynamicPort.LocalEndpoint);
        await one.Peer.SendAsync(ScriptedPeer.Forwarded(3, new Endpoint("", 0), Originator));
        await one.Peer.ExpectAsync(MessageNumber.ChannelOpenConfirmation);
        await dynamicPort.AcceptAsync(Stop);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 1, 0, 0 })]
    public async Task An_answer_without_a_port_ends_the_connection_and_the_wait(byte[] answer)
    {
        await using var one = new Fixture(Stop);
        var e = await Assert.ThrowsAsync<NetworkException>(() => one.ListenAsync(new Endpoint("localhost", 0), answer));
        Assert.Equal(e.Failure, await one.Client.Multiplexer.Closed);
    }

    [Fact]
    public async Task A_refused_forward_names_its_port()
    {
        await using var one = new Fixture(Stop);
        var listening = one.Client.Network.ListenAsync(new Endpoint("localhost", 21), ListenOptions.Default, Stop).AsTask();
        await one.Peer.ExpectAsync(MessageNumber.GlobalRequest);
        await one.Peer.SendAsync(ChannelMessages.RequestFailure());
        var e = await Assert.ThrowsAsync<NetworkException>(() => listening);
        Assert.Equal(new Failure(FailureKind.Prohibited, "remote port forwarding failed for listen port 21"), e.Failure);
    }

    [Fact]
    public async Task A_range_is_tried_port_by_port()
    {
        await using var one = new Fixture(Stop);
        var listening = one.Client.Network.ListenAsync(new Endpoint("localhost", 0), ListenOptions.Default with { Ports = new(5000, 5002) }, Stop).AsTask();
        var asked = new List<uint>();
        for (var i = 0; i < 3; i++)
        {
            var reader = new SshReader((await one.Peer.ExpectAsync(MessageNumber.GlobalRequest)).AsSpan(1), "request");
            reader.String("name");
            reader.Bool("want reply");
            reader.String("host");
            asked.Add(reader.UInt32("port"));
            await one.Peer.SendAsync(i < 2 ? ChannelMessages.RequestFailure() : ChannelMessages.RequestSuccess(null));
        }
        await using var listener = await listening;
        Assert.Equal([5000u, 5001u, 5002u], asked.Order());
        Assert.Equal((int)asked[^1], listener.LocalEndpoint.Port);
    }

    [Fact]
    public async Task The_backlog_is_bounded_and_closing_resets_it()
    {
        await using var one = new Fixture(Stop);
        var listener = await one.ListenAsync(new Endpoint("localhost", 2121), []);
        for (var i = 0; i < ConnectionLimits.MaximumAcceptBacklog; i++)
        {
            await one.Peer.SendAsync(ScriptedPeer.Forwarded((uint)i, new Endpoint("localhost", 2121), Originator), ScriptedPeer.Data((uint)i, [1]));
            await one.Peer.ExpectAsync(MessageNumber.ChannelOpenConfirmation);
        }
        await one.Peer.SendAsync(ScriptedPeer.Forwarded(999, new Endpoint("localhost", 2121), Originator));
        Assert.Equal(4, (await one.Peer.ExpectAsync(MessageNumber.ChannelOpenFailure))[8]);
        await listener.DisposeAsync();
        await listener.DisposeAsync();
        await one.Peer.ExpectAsync(MessageNumber.GlobalRequest);
        for (var i = 0; i < ConnectionLimits.MaximumAcceptBacklog; i++)
            await one.Peer.ExpectAsync(MessageNumber.ChannelClose);
        Assert.Equal(0, one.Client.Multiplexer.Buffers.Outstanding);
        await one.Peer.SendAsync(ChannelMessages.RequestSuccess(null), ScriptedPeer.Forwarded(999, new Endpoint("localhost", 2121), Originator));
        Assert.Equal(1, (await one.Peer.ExpectAsync(MessageNumber.ChannelOpenFailure))[8]);
        var e = await Assert.ThrowsAsync<NetworkException>(async () => await listener.AcceptAsync(Stop));
        Assert.Equal(FailureKind.Aborted, e.Failure.Kind);
    }

    [Fact]
    public async Task A_listener_that_comes_after_its_asker_left_is_closed()
    {
        await using var one = new Fixture(Stop);
        using var giveUp = new CancellationTokenSource();
        var listening = one.Client.Network.ListenAsync(new Endpoint("localhost", 0), ListenOptions.Default, giveUp.Token).AsTask();
        await one.Peer.ExpectAsync(MessageNumber.GlobalRequest);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
        await one.Peer.SendAsync(ChannelMessages.RequestSuccess(4242));
        Assert.Contains("cancel-tcpip-forward", System.Text.Encoding.ASCII.GetString(await one.Peer.ExpectAsync(MessageNumber.GlobalRequest)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_the_connection_reaches_listeners_and_askers()
    {
        await using var one = new Fixture(Stop);
        var listener = await one.ListenAsync(new Endpoint("localhost", 2121), []);
        var accepting = listener.AcceptAsync(Stop).AsTask();
        var asking = one.Client.Network.ListenAsync(new Endpoint("localhost", 0), ListenOptions.Default, Stop).AsTask();
        await one.Peer.ExpectAsync(MessageNumber.GlobalRequest);
        await one.Peer.DisposeAsync();
        Assert.Equal(FailureKind.NetworkLost, (await Assert.ThrowsAsync<NetworkException>(() => accepting)).Failure.Kind);
        Assert.Equal(FailureKind.NetworkLost, (await Assert.ThrowsAsync<NetworkException>(() => asking)).Failure.Kind);
        await listener.DisposeAsync();
    }

    private sealed class Fixture : IAsyncDisposable
    {
        public Fixture(CancellationToken stop)
        {
            var (ours, theirs) = MemoryPacketTransport.Pair();
            Client = new ClientSide(ours);
            Peer = new ScriptedPeer(theirs, stop);
        }

        public ClientSide Client { get; }

        public ScriptedPeer Peer { get; }

        public async Task<IListener> ListenAsync(Endpoint at, byte[] answer)
        {
            var listening = Client.Network.ListenAsync(at, ListenOptions.Default, Stop).AsTask();
            await Peer.ExpectAsync(MessageNumber.GlobalRequest);
            await Peer.SendAsync([MessageNumber.RequestSuccess, .. answer]);
            return await listening;
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Peer.DisposeAsync();
        }
    }
}
