using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>A peer that holds credit back is asked, and what it answers takes the credit along.</summary>
public sealed class NudgeTests
{
    private const int Window = 100;

    private static readonly TimeSpan FarAway = Nudge.ShortestWay;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_all_that_a_window_allows_was_written_the_peer_is_asked_until_it_answers_no_more()
    {
        await using var world = new World(holdsBack: true);
        var channel = await world.OpenAsync(FarAway);
        var writing = channel.WriteAsync(new byte[20 * Window], Stop).AsTask();
        for (var nudges = 0; nudges < 8; nudges++)
        {
            await world.ExpectDataAsync();
            await world.ExpectQuestionsAsync();
            await world.Peer.SendAsync(ScriptedPeer.Adjust(0, Window));
        }
        // None was answered: that's enough.
        await world.ExpectDataAsync();
        await world.Peer.SendAsync(ScriptedPeer.Adjust(0, Window));
        await world.ExpectDataAsync();
        await world.AnswerAsync(Nudge.Questions);
        await world.Peer.SendAsync(ScriptedPeer.Adjust(0, Window));
        await world.ExpectDataAsync();
        await world.ExpectQuestionsAsync();
        await world.Peer.SendAsync(ScriptedPeer.Adjust(0, 20 * Window));
        Assert.Equal(WriteEnd.None, await writing);
    }

    [Fact]
    public async Task A_window_that_was_used_up_once_is_asked_for_on_the_way()
    {
        await using var world = new World(holdsBack: true);
        var channel = await world.OpenAsync(FarAway);
        var writing = channel.WriteAsync(new byte[Window + 20 * Limits.MaximumChannelPacket], Stop).AsTask();
        await world.ExpectDataAsync();
        await world.ExpectQuestionsAsync();
        await world.AnswerAsync(Nudge.Questions);
        await world.Peer.SendAsync(ScriptedPeer.Adjust(0, 100 * Limits.MaximumChannelPacket));
        var messages = new List<byte>();
        while (messages.Count < 20 + Nudge.Questions)
            messages.Add((await world.Peer.ReceiveAsync())[0]);
        Assert.Equal(20, messages.Count(message => message == MessageNumber.ChannelData));
        Assert.Equal(ConnectionLimits.SlotsForNudge, messages.IndexOf(MessageNumber.GlobalRequest));
        Assert.Equal(WriteEnd.None, await writing);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Nobody_is_asked_who_is_near_or_holds_nothing_back(bool holdsBack, bool isFar)
    {
        await using var world = new World(holdsBack);
        var channel = await world.OpenAsync(isFar ? FarAway : FarAway - TimeSpan.FromTicks(1));
        var writing = channel.WriteAsync(new byte[5 * Window], Stop).AsTask();
        for (var i = 0; i < 5; i++)
        {
            await world.ExpectDataAsync();
            await world.Peer.SendAsync(ScriptedPeer.Adjust(0, Window));
        }
        Assert.Equal(WriteEnd.None, await writing);
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly FakeTimeProvider _time = new();
        private readonly ClientSide _client;

        public World(bool holdsBack)
        {
            var (ours, theirs) = MemoryPacketTransport.Pair();
            _client = new ClientSide(ours, _time, peerHoldsBack: holdsBack);
            Peer = new ScriptedPeer(theirs, Stop);
        }

        public ScriptedPeer Peer { get; }

        public async Task<Duplex> OpenAsync(TimeSpan roundTrip)
        {
            var dial = _client.Network.Connect(new("far", 5000), ConnectOptions.Default with { Priority = Priority.Bulk });
            var sender = ScriptedPeer.Sender(await Peer.ExpectAsync(MessageNumber.ChannelOpen));
            _time.Advance(roundTrip);
            await Peer.SendAsync(ScriptedPeer.Confirmation(sender, 7, Window, Limits.MaximumChannelPacket));
            return (await dial.Outcome).Duplex!;
        }

        public async Task ExpectDataAsync() => Assert.Equal(Window, ScriptedPeer.Bytes(await Peer.ExpectAsync(MessageNumber.ChannelData)).Length);

        public async Task ExpectQuestionsAsync(int count = Nudge.Questions)
        {
            for (var i = 0; i < count; i++)
                await Peer.ExpectAsync(MessageNumber.GlobalRequest);
        }

        public Task AnswerAsync(int count)
        {
            _time.Advance(FarAway);
            return Peer.SendAsync([.. Enumerable.Repeat(new byte[] { MessageNumber.RequestFailure }, count)]);
        }

        public async ValueTask DisposeAsync()
        {
            await _client.DisposeAsync();
            await Peer.DisposeAsync();
        }
    }
}
