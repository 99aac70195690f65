using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>Ends that nobody waits for: what they go out with, and what they never do.</summary>
public sealed class ConnectionLeisureTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_end_at_leisure_goes_with_the_next_question()
    {
        await using var world = new World();
        var control = await world.OpenAsync();
        var data = await world.OpenAsync();
        await world.EndAsync(data);
        // A command of the dialogue doesn't take it along: the server would answer the CLOSE first.
        await control.WriteAsync("EPSV\r\n"u8.ToArray(), Stop);
        await world.Peer.ExpectAsync(MessageNumber.ChannelData);
        Assert.Equal(2, world.Client.Multiplexer.Table.Count);
        world.Client.Network.Connect(new("far", 5002), ConnectOptions.Default);
        await world.Peer.ExpectAsync(MessageNumber.ChannelEof);
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
        await world.Peer.ExpectAsync(MessageNumber.ChannelOpen);
    }

    [Fact]
    public async Task An_end_at_leisure_goes_with_a_global_request()
    {
        await using var world = new World();
        await world.EndAsync(await world.OpenAsync());
        var listening = world.Client.Network.ListenAsync(new("127.0.0.1", 0), ListenOptions.Default, Stop);
        await world.Peer.ExpectAsync(MessageNumber.ChannelEof);
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
        await world.Peer.ExpectAsync(MessageNumber.GlobalRequest);
        await world.Peer.SendAsync(ChannelMessages.RequestFailure());
        await Assert.ThrowsAsync<NetworkException>(() => listening.AsTask());
    }

    [Fact]
    public async Task An_end_at_leisure_waits_for_a_moment_only()
    {
        await using var world = new World();
        await world.EndAsync(await world.OpenAsync());
        world.Time.Advance(ConnectionLimits.LeisureTime);
        await world.Peer.ExpectAsync(MessageNumber.ChannelEof);
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
    }

    [Fact]
    public async Task Few_ends_wait()
    {
        await using var world = new World();
        var channels = new List<Duplex>();
        for (var i = 0; i < ConnectionLimits.MaximumEndsAtLeisure; i++)
            channels.Add(await world.OpenAsync());
        foreach (var channel in channels)
            await world.EndAsync(channel);
        for (var i = 0; i < ConnectionLimits.MaximumEndsAtLeisure; i++)
        {
            await world.Peer.ExpectAsync(MessageNumber.ChannelEof);
            await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
        }
    }

    [Fact]
    public async Task Before_the_peers_end_ours_goes_at_once()
    {
        await using var world = new World();
        var channel = await world.OpenAsync();
        Assert.Equal(WriteEnd.None, await channel.EndAtLeisureAsync(Stop));
        await world.Peer.ExpectAsync(MessageNumber.ChannelEof);
    }

    [Fact]
    public async Task An_end_at_leisure_overtakes_no_data_and_is_said_once()
    {
        await using var world = new World();
        var channel = await world.OpenAsync(Priority.Bulk);
        await world.PeerEndsAsync(channel);
        await channel.WriteAsync(new byte[3 * Limits.MaximumChannelPacket], Stop);
        Assert.Equal(WriteEnd.None, await channel.EndAtLeisureAsync(Stop));
        Assert.Equal(WriteEnd.None, await channel.EndAtLeisureAsync(Stop));
        Assert.Equal(WriteEnd.None, await channel.EndAsync(Stop));
        Assert.Equal(WriteEnd.Closed, await channel.WriteAsync(new byte[1], Stop));
        await channel.DisposeAsync();
        world.Time.Advance(ConnectionLimits.LeisureTime);
        var received = new List<byte>();
        do
            received.Add((await world.Peer.ReceiveAsync())[0]);
        while (received[^1] != MessageNumber.ChannelClose);
        Assert.Equal(
            [MessageNumber.ChannelData, MessageNumber.ChannelData, MessageNumber.ChannelData, MessageNumber.ChannelEof, MessageNumber.ChannelClose], received);
        world.Client.Network.Connect(new("far", 5002), ConnectOptions.Default);
        await world.Peer.ExpectAsync(MessageNumber.ChannelOpen);
    }

    [Fact]
    public async Task An_abort_after_an_end_at_leisure_says_nothing_twice()
    {
        await using var world = new World();
        var channel = await world.OpenAsync();
        await world.PeerEndsAsync(channel);
        await channel.EndAtLeisureAsync(Stop);
        channel.Abort();
        await channel.DisposeAsync();
        world.Client.Network.Connect(new("far", 5002), ConnectOptions.Default);
        await world.Peer.ExpectAsync(MessageNumber.ChannelEof);
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
        await world.Peer.ExpectAsync(MessageNumber.ChannelOpen);
    }

    [Fact]
    public async Task The_end_of_the_connection_leaves_none_unsaid()
    {
        await using var world = new World();
        await world.EndAsync(await world.OpenAsync());
        await world.Client.DisposeAsync();
        await world.Peer.ExpectAsync(MessageNumber.ChannelEof);
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
        await world.Peer.ExpectAsync(MessageNumber.Disconnect);
    }

    [Fact]
    public async Task A_channel_whose_end_waits_frees_its_number_and_its_window()
    {
        await using var world = new World();
        var channel = await world.OpenAsync();
        await world.EndAsync(channel);
        Assert.Equal(0, world.Client.Budget.Granted);
        // A peer that closes first hears our CLOSE all the same.
        await world.Peer.SendAsync(ScriptedPeer.Close(0));
        world.Time.Advance(ConnectionLimits.LeisureTime);
        await world.Peer.ExpectAsync(MessageNumber.ChannelEof);
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
        while (world.Client.Multiplexer.Table.Count > 0)
            await Task.Yield();
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly Dictionary<Duplex, uint> _numbers = [];

        public World()
        {
            var (ours, theirs) = MemoryPacketTransport.Pair();
            Client = new ClientSide(ours, Time);
            Peer = new ScriptedPeer(theirs, Stop);
        }

        public FakeTimeProvider Time { get; } = new();

        public ClientSide Client { get; }

        public ScriptedPeer Peer { get; }

        public async Task<Duplex> OpenAsync(Priority priority = Priority.Interactive)
        {
            var dial = Client.Network.Connect(new("far", 5000), ConnectOptions.Default with { Priority = priority });
            var number = await Peer.ConfirmOpenAsync(7);
            var channel = (await dial.Outcome).Duplex!;
            _numbers.Add(channel, number);
            return channel;
        }

        /// <summary>The peer's end comes, then ours at leisure.</summary>
        public async Task EndAsync(Duplex channel)
        {
            await PeerEndsAsync(channel);
            Assert.Equal(WriteEnd.None, await channel.EndAtLeisureAsync(Stop));
            await channel.DisposeAsync();
        }

        public async Task PeerEndsAsync(Duplex channel)
        {
            await Peer.SendAsync(ScriptedPeer.Eof(_numbers[channel]));
            Assert.Equal(ReadEnd.Ended, (await channel.ReadAsync(Stop)).End);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Peer.DisposeAsync();
        }
    }
}
