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

    private static readonly TimeSpan FarAway = RoundTrip.LongWay;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_peer_that_holds_credit_back_is_asked_whenever_its_window_is_used_up_until_it_answers_no_more()
    {
        await using var world = new World(mayHoldBack: true);
        var channel = await world.OpenAsync(FarAway);
        var writing = channel.WriteAsync(new byte[30 * Window], Stop).AsTask();
        await world.HoldBackAsync();
        for (var nudges = 0; nudges < 8; nudges++)
        {
            await world.ExpectQuestionsAsync();
            await world.GiveAsync(Window);
        }
        // None was answered: that's enough.
        await world.GiveAsync(Window);
        await world.AnswerAsync(Nudge.Questions);
        await world.GiveAsync(Window);
        await world.ExpectQuestionsAsync();
        await world.Peer.SendAsync(ScriptedPeer.Adjust(0, 30 * Window));
        Assert.Equal(WriteEnd.None, await writing);
    }

    [Fact]
    public async Task It_is_asked_on_the_way_too()
    {
        await using var world = new World(mayHoldBack: true);
        var channel = await world.OpenAsync(FarAway);
        var writing = channel.WriteAsync(new byte[(World.Rounds / 2 + 1) * Window + 20 * Limits.MaximumChannelPacket], Stop).AsTask();
        await world.HoldBackAsync();
        await world.ExpectQuestionsAsync();
        await world.AnswerAsync(Nudge.Questions);
        await world.Peer.SendAsync(ScriptedPeer.Adjust(0, 100 * Limits.MaximumChannelPacket));
        var messages = new List<byte>();
        while (messages.Count < 20 + Nudge.Questions)
            messages.Add((await world.Peer.ReceiveAsync())[0]);
        Assert.Equal(ConnectionLimits.SlotsForNudge, messages.IndexOf(MessageNumber.GlobalRequest));
        Assert.Equal(WriteEnd.None, await writing);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Nobody_is_asked_who_is_near_or_holds_nothing_back(bool mayHoldBack, bool isFar)
    {
        await using var world = new World(mayHoldBack);
        var channel = await world.OpenAsync(isFar ? FarAway : FarAway - TimeSpan.FromTicks(1));
        var writing = channel.WriteAsync(new byte[20 * Window], Stop).AsTask();
        await world.HoldBackAsync();
        for (var i = 0; i < 5; i++)
            await world.GiveAsync(Window);
        await world.Peer.SendAsync(ScriptedPeer.Adjust(0, 20 * Window));
        Assert.Equal(WriteEnd.None, await writing);
    }

    private sealed class World : IAsyncDisposable
    {
        /// <summary>Credits of half a window after which it's known that they are held back.</summary>
        public const int Rounds = HeldCredit.Silences + 1;

        private readonly FakeTimeProvider _time = new();
        private readonly ClientSide _client;

        public World(bool mayHoldBack)
        {
            var (ours, theirs) = MemoryPacketTransport.Pair();
            _client = new ClientSide(ours, _time, options: new() { PeerMayHoldBack = mayHoldBack });
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

        /// <summary>Takes the first window, and gives it back in halves, each a round trip after the one before.</summary>
        public async Task HoldBackAsync()
        {
            await ExpectDataAsync(Window);
            for (var i = 0; i < Rounds; i++)
            {
                _time.Advance(FarAway);
                await GiveAsync(Window / 2);
            }
        }

        /// <summary>Gives credit, and takes at once what is sent on it.</summary>
        public async Task GiveAsync(int credit)
        {
            await Peer.SendAsync(ScriptedPeer.Adjust(0, (uint)credit));
            await ExpectDataAsync(credit);
        }

        public async Task ExpectQuestionsAsync()
        {
            for (var i = 0; i < Nudge.Questions; i++)
                await Peer.ExpectAsync(MessageNumber.GlobalRequest);
        }

        public Task AnswerAsync(int count)
        {
            _time.Advance(FarAway);
            return Peer.SendAsync([.. Enumerable.Repeat(new byte[] { MessageNumber.RequestFailure }, count)]);
        }

        private async Task ExpectDataAsync(int length) => Assert.Equal(length, ScriptedPeer.Bytes(await Peer.ExpectAsync(MessageNumber.ChannelData)).Length);

        public async ValueTask DisposeAsync()
        {
            await _client.DisposeAsync();
            await Peer.DisposeAsync();
        }
    }
}
