using CsCheck;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>What we take: the window we grant, what it costs, and when credit goes back.</summary>
public sealed class ConnectionReceiveTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Credit_waiting_and_read_bytes_always_make_up_the_window() =>
        Gen.Select(Gen.Int[1, 400_000], Gen.Int[1, 40_000].Array[1, 200], Gen.Bool).Sample((budgetKilobytes, steps, slow) =>
        {
            var time = new FakeTimeProvider();
            var roundTrip = new RoundTrip(time);
            var start = roundTrip.Start();
            time.Advance(TimeSpan.FromMilliseconds(slow ? 1 : 50));
            roundTrip.Answered(start);
            var budget = new WindowBudget(budgetKilobytes * 1024L);
            var window = new ReceiveWindow(budget, roundTrip, time);
            var credit = window.Size;
            var unread = 0;
            foreach (var step in steps)
            {
                var count = Math.Min(Math.Min(step, Limits.MaximumChannelPacket), credit);
                if (count > 0)
                {
                    window.Received(count);
                    credit -= count;
                    unread += count;
                }
                time.Advance(TimeSpan.FromMilliseconds(1));
                var read = Math.Min(unread, step);
                credit += window.Read(read);
                unread -= read;
                Assert.Equal(credit, window.Credit);
                Assert.InRange(credit + unread, 0, window.Size);
                Assert.InRange(window.Size, ConnectionLimits.MinimumWindow, ConnectionLimits.MaximumWindow);
                Assert.Equal(window.Size, budget.Granted);
                // Whoever has read everything must not leave the peer without credit.
                if (unread == 0)
                    Assert.True(credit > 0);
            }
            window.GiveBack();
            window.GiveBack();
            Assert.Equal(0, budget.Granted);
        });

    [Theory]
    [InlineData(0.2, 1000, 2, 2)]
    [InlineData(50, 10, 2, 2)]
    [InlineData(50, 70, 3.3, 7)]
    [InlineData(100, 25, 2.4, 5)]
    [InlineData(50, 1000, 32, 32)]
    [InlineData(200, 1000, 32, 32)]
    public void The_window_grows_only_where_it_is_the_limit(double roundTripMilliseconds, double megabytesPerSecond, double least, double most)
    {
        var path = new SimulatedPath(roundTripMilliseconds, megabytesPerSecond);
        path.Run(TimeSpan.FromSeconds(8));
        Assert.InRange(path.Window.Size / (1024.0 * 1024), least, most);
        // Never much at once: sshd reads what it has credit for into a buffer that it enlarges by copying.
        Assert.InRange(path.LargestCredit, 1, 2 * ConnectionLimits.GatheredBytes);
    }

    [Fact]
    public void A_window_that_the_path_no_longer_needs_is_withheld()
    {
        var path = new SimulatedPath(50, 1000);
        path.Run(TimeSpan.FromSeconds(4));
        Assert.Equal(ConnectionLimits.MaximumWindow, path.Window.Size);
        path.MegabytesPerSecond = 50;
        path.Run(TimeSpan.FromSeconds(10));
        Assert.InRange(path.Window.Size, 2_500_000, 2.5 * 2_500_000);
        Assert.Equal(path.Window.Size, path.Budget.Granted);
        path.MegabytesPerSecond = 1000;
        path.Run(TimeSpan.FromSeconds(4));
        Assert.Equal(ConnectionLimits.MaximumWindow, path.Window.Size);
    }

    /// <summary>A sender with an endless file, who uses credit as it comes, a path of one rate and one delay, and a reader without delay, in steps of a tenth of a
    /// millisecond.</summary>
    private sealed class SimulatedPath
    {
        private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(0.1);

        private readonly FakeTimeProvider _time = new();
        private readonly Queue<(int Due, int Bytes)> _data = new(), _credits = new();
        private readonly int _oneWay;
        private double _canSend;
        private int _now, _credit;

        public SimulatedPath(double roundTripMilliseconds, double megabytesPerSecond)
        {
            MegabytesPerSecond = megabytesPerSecond;
            _oneWay = (int)Math.Round(roundTripMilliseconds / 2 / Step.TotalMilliseconds);
            var roundTrip = new RoundTrip(_time);
            var start = roundTrip.Start();
            _time.Advance(TimeSpan.FromMilliseconds(roundTripMilliseconds));
            roundTrip.Answered(start);
            Window = new ReceiveWindow(Budget, roundTrip, _time);
            _credit = Window.Size;
        }

        public WindowBudget Budget { get; } = new(1L << 30);

        public ReceiveWindow Window { get; }

        public double MegabytesPerSecond { get; set; }

        public int LargestCredit { get; private set; }

        public void Run(TimeSpan length)
        {
            for (var end = _now + length / Step; _now < end; _now++, _time.Advance(Step))
            {
                while (_credits.TryPeek(out var credit) && credit.Due <= _now)
                    _credit += _credits.Dequeue().Bytes;
                // The path is never idle for want of a whole packet, and doesn't save up what it didn't carry.
                _canSend = Math.Min(_canSend + MegabytesPerSecond * 1e6 * Step.TotalSeconds, Math.Max(_credit, Limits.MaximumChannelPacket));
                while (_credit > 0 && _canSend > 0)
                {
                    var bytes = Math.Min(_credit, Limits.MaximumChannelPacket);
                    _data.Enqueue((_now + _oneWay, bytes));
                    (_credit, _canSend) = (_credit - bytes, _canSend - bytes);
                }
                while (_data.TryPeek(out var data) && data.Due <= _now)
                {
                    Window.Received(_data.Dequeue().Bytes);
                    if (Window.Read(data.Bytes) is var more && more > 0)
                        _credits.Enqueue((_now + _oneWay, more));
                    LargestCredit = Math.Max(LargestCredit, more);
                }
            }
        }
    }

    [Fact]
    public void A_filling_budget_shrinks_new_windows_and_withholds_credit()
    {
        var time = new FakeTimeProvider();
        var budget = new WindowBudget(32L * 1024 * 1024);
        var windows = Enumerable.Range(0, 500).Select(_ => new ReceiveWindow(budget, new RoundTrip(time), time)).ToArray();
        Assert.Equal(Limits.InitialWindow, windows[0].Size);
        Assert.Equal(ConnectionLimits.MinimumWindow, windows[^1].Size);
        Assert.True(budget.IsTight);
        Assert.InRange(budget.Granted, 0, budget.Bytes + 500L * ConnectionLimits.MinimumWindow);

        var first = windows[0];
        var credited = 0;
        for (var i = 0; i < 1000 && first.Credit > 0; i++)
        {
            first.Received(Math.Min(16 * 1024, first.Credit));
            credited += first.Read(16 * 1024);
        }
        Assert.Equal(ConnectionLimits.MinimumWindow, first.Size);
    }

    [Fact]
    public async Task A_thousand_dialogues_leave_the_files_their_windows()
    {
        await using var one = await OpenAsync();
        var (multiplexer, budget) = (one.Client.Multiplexer, one.Client.Budget);
        var dialogues = Enumerable.Range(0, 1000).Select(_ => multiplexer.Open("direct-tcpip", [], Priority.Interactive, static (_, _) => { })).ToList();
        Assert.False(budget.IsTight);
        Assert.Equal(ConnectionLimits.DialogueWindow, dialogues[^1].InitialWindow);
        var file = multiplexer.Open("direct-tcpip", [], Priority.Bulk, static (_, _) => { });
        Assert.Equal(Limits.InitialWindow, file.InitialWindow);
        Assert.True(budget.TryGrow(ConnectionLimits.MaximumWindow - file.InitialWindow), "a file's window can't grow");
        budget.Return(ConnectionLimits.MaximumWindow - file.InitialWindow);
        dialogues.ForEach(channel => channel.GiveUp());
        file.GiveUp();
    }

    [Fact]
    public void A_dialogue_that_turns_out_to_be_long_gets_the_window_that_it_needs()
    {
        var time = new FakeTimeProvider();
        var roundTrip = new RoundTrip(time);
        var start = roundTrip.Start();
        time.Advance(TimeSpan.FromMilliseconds(50));
        roundTrip.Answered(start);
        var window = new ReceiveWindow(new WindowBudget(1L << 30), roundTrip, time, ConnectionLimits.DialogueWindow);
        Assert.Equal(ConnectionLimits.DialogueWindow, window.Credit);
        // Every round trip, all that may come does: some rounds lead from 64 KiB to an ordinary window, then it goes on as any other.
        Rounds(7);
        Assert.InRange(window.Size, Limits.InitialWindow, ConnectionLimits.MaximumWindow);
        Rounds(20);
        Assert.Equal(ConnectionLimits.MaximumWindow, window.Size);

        void Rounds(int count)
        {
            for (var round = 0; round < count; round++)
            {
                for (var left = window.Credit; left > 0;)
                {
                    var packet = Math.Min(left, Limits.MaximumChannelPacket);
                    window.Received(packet);
                    window.Read(packet);
                    left -= packet;
                }
                time.Advance(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    [Theory]
    [InlineData(Limits.MaximumChannelPacket)]
    [InlineData(Limits.MaximumChannelPacket - 1)]
    public async Task A_peer_that_overruns_the_window_ends_the_connection(int packet)
    {
        await using var one = await OpenAsync();
        for (var sent = 0; sent <= Limits.InitialWindow; sent += packet)
            await one.Peer.SendAsync(ScriptedPeer.Data(0, new byte[packet]));
        Assert.Contains("the window has", (await one.Client.Multiplexer.Closed).Text, StringComparison.Ordinal);
        await one.Peer.ExpectAsync(MessageNumber.Disconnect);
        Assert.Equal(WriteEnd.Lost, await one.Duplex.WriteAsync(new byte[1], Stop));
    }

    [Fact]
    public async Task A_packet_larger_than_announced_ends_the_connection()
    {
        await using var one = await OpenAsync();
        await one.Peer.SendAsync(ScriptedPeer.Data(0, new byte[Limits.MaximumChannelPacket + 1]));
        Assert.Contains("allowed in one packet", (await one.Client.Multiplexer.Closed).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Limits.LargeChannelPacket, true)]
    [InlineData(Limits.LargeChannelPacket + 1, false)]
    public async Task A_peer_for_which_large_packets_pay_is_told_so_once_the_way_is_known_to_be_long_and_held_to_what_it_was_told(int length, bool isTaken)
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        var time = new FakeTimeProvider();
        await using var client = new ClientSide(ours, time, options: new() { TakesLargePackets = true });
        await using var peer = new ScriptedPeer(theirs, Stop);
        await using var first = (await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.MaximumChannelPacket)).Duplex;
        var (duplex, number) = await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.LargeChannelPacket);
        await using var second = duplex;
        // The way turns out to be shorter: what was announced counts.
        await using var third = (await OpenAsync(client, peer, time, RoundTrip.LongWay - TimeSpan.FromTicks(1), Limits.LargeChannelPacket)).Duplex;
        await using var fourth = (await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.MaximumChannelPacket)).Duplex;
        await peer.SendAsync(ScriptedPeer.Data(number, new byte[length]));
        if (isTaken)
        {
            var received = 0;
            while (received < length && await second.ReadAsync(new byte[length], Stop) is { End: ReadEnd.None } read)
                received += read.Bytes.Length;
            Assert.Equal(length, received);
        }
        else
        {
            Assert.Contains("allowed in one packet", (await client.Multiplexer.Closed).Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Only_the_first_few_channels_that_move_files_take_large_packets()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        var time = new FakeTimeProvider();
        await using var client = new ClientSide(ours, time, options: new() { TakesLargePackets = true });
        await using var peer = new ScriptedPeer(theirs, Stop);
        // Dialogues take none, and don't count.
        for (var dialogues = 0; dialogues <= ConnectionLimits.MaximumLargePacketChannels; dialogues++)
            await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.MaximumChannelPacket, Priority.Interactive);
        for (var files = 1; files < ConnectionLimits.MaximumLargePacketChannels; files++)
            await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.LargeChannelPacket);
        var last = await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.LargeChannelPacket);
        var beyond = await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.MaximumChannelPacket);
        // There is room for one again when both sides have closed two.
        await CloseAsync(beyond.Duplex, beyond.Number);
        await CloseAsync(last.Duplex, last.Number);
        await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.LargeChannelPacket);
        await OpenAsync(client, peer, time, RoundTrip.LongWay, Limits.MaximumChannelPacket);

        async Task CloseAsync(Duplex duplex, uint number)
        {
            await duplex.DisposeAsync();
            await peer.ExpectAsync(MessageNumber.ChannelClose);
            // What follows a CLOSE is answered when both were seen to.
            await peer.SendAsync(ScriptedPeer.Close(number), ChannelMessages.GlobalRequest("keepalive@openssh.com", true, []));
            await peer.ExpectAsync(MessageNumber.RequestFailure);
        }
    }

    /// <summary>Opens a channel that says that it takes so much in one packet, and is confirmed after so long.</summary>
    private static async Task<(Duplex Duplex, uint Number)> OpenAsync(
        ClientSide client, ScriptedPeer peer, FakeTimeProvider time, TimeSpan roundTrip, int announced, Priority priority = Priority.Bulk)
    {
        var dial = client.Network.Connect(new("far", 5000), ConnectOptions.Default with { Priority = priority });
        var reader = new SshReader((await peer.ExpectAsync(MessageNumber.ChannelOpen)).AsSpan(1), "CHANNEL_OPEN");
        reader.String("type");
        var (sender, _, packet) = (reader.UInt32("sender"), reader.UInt32("window"), reader.UInt32("maximum packet"));
        Assert.Equal((uint)announced, packet);
        time.Advance(roundTrip);
        await peer.SendAsync(ScriptedPeer.Confirmation(sender, sender, Limits.InitialWindow, Limits.MaximumChannelPacket));
        return ((await dial.Outcome).Duplex!, sender);
    }

    [Fact]
    public async Task A_slow_reader_costs_its_window_and_no_more_and_an_idle_channel_nothing()
    {
        await using var one = await OpenAsync();
        var buffers = one.Client.Multiplexer.Buffers;
        Assert.Equal(0, buffers.Outstanding);
        var sent = 0;
        while (sent < Limits.InitialWindow)
        {
            await one.Peer.SendAsync(ScriptedPeer.Data(0, Numbered(sent, 1024 * 32)));
            sent += 1024 * 32;
        }
        long received = 0;
        var largest = 0;
        while (received < sent)
        {
            var read = await one.Duplex.ReadAsync(Stop);
            Assert.Equal(ReadEnd.None, read.End);
            Assert.Equal(Numbered((int)received, read.Bytes.Length), read.Bytes.ToArray());
            largest = Math.Max(largest, read.Bytes.Length);
            received += read.Bytes.Length;
            one.Duplex.Release(read.Bytes.Length);
        }
        Assert.Equal(256 * 1024, largest);
        Assert.Equal(0, buffers.Outstanding);

        // Credit came back in few messages, and all of it but an eighth of the window, or a quarter where the peer answers at once.
        long credit = 0;
        var adjusts = 0;
        while (credit < sent * 3L / 4)
        {
            var reader = new SshReader((await one.Peer.ExpectAsync(MessageNumber.ChannelWindowAdjust)).AsSpan(5), "adjust");
            credit += reader.UInt32("more");
            adjusts++;
        }
        Assert.InRange(adjusts, 1, 8);
    }

    [Fact]
    public async Task No_credit_and_no_data_before_the_confirmation()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        _ = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default);
        await peer.ExpectAsync(MessageNumber.ChannelOpen);
        await peer.SendAsync(ScriptedPeer.Data(0, new byte[1]));
        Assert.Contains("in no state for it", (await client.Multiplexer.Closed).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Extended_data_is_dropped_and_its_credit_comes_back()
    {
        await using var one = await OpenAsync();
        var extended = new SshWriter().Byte(MessageNumber.ChannelExtendedData).UInt32(0).UInt32(1).String(new byte[32 * 1024]).ToArray();
        for (var i = 0; i < 64; i++)
            await one.Peer.SendAsync(extended);
        await one.Peer.SendAsync(ScriptedPeer.Data(0, [1]), ScriptedPeer.Eof(0));
        await one.Peer.ExpectAsync(MessageNumber.ChannelWindowAdjust);
        Assert.Equal(1, (await one.Duplex.ReadAsync(new byte[10], Stop)).Bytes.Length);
        Assert.Equal(ReadEnd.Ended, (await one.Duplex.ReadAsync(Stop)).End);
    }

    private static byte[] Numbered(int start, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
            bytes[i] = (byte)((start + i) * 31 >> 3);
        return bytes;
    }

    internal static async Task<OneChannel> OpenAsync(Priority priority = Priority.Bulk)
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        var client = new ClientSide(ours);
        var peer = new ScriptedPeer(theirs, Stop);
        var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default with { Priority = priority });
        Assert.Equal(0u, await peer.ConfirmOpenAsync(7));
        return new OneChannel(client, peer, (await dial.Outcome).Duplex!);
    }

    /// <summary>A client with channel 0, which is the scripted peer's channel 7.</summary>
    internal sealed record OneChannel(ClientSide Client, ScriptedPeer Peer, Duplex Duplex) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Duplex.DisposeAsync();
            await Client.DisposeAsync();
            Assert.Equal(0, Client.Multiplexer.Buffers.Outstanding);
            Assert.Equal(0, Client.Budget.Granted);
            await Peer.DisposeAsync();
        }
    }
}
