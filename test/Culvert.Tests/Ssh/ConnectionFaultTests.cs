using System.Text;
using CsCheck;
using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>What happens when the connection dies: everybody hears it, nothing hangs, no buffer is lost.</summary>
public sealed class ConnectionFaultTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cut_at_any_packet_ends_everything()
    {
        var packets = 0;
        var completed = false;
        while (!completed)
        {
            completed = await RunScenarioAsync(packets++);
            Assert.InRange(packets, 1, 500);
        }
        // The whole scenario is some dozens of packets: if it "completed" earlier, the fault was never met.
        Assert.InRange(packets, 20, 500);
    }

    /// <summary>Both directions, both kinds of channel, everything ended in order. True: the cut was not reached.</summary>
    private static async Task<bool> RunScenarioAsync(int packets)
    {
        var behind = new MemoryNetwork();
        await using var echo = await behind.ListenAsync(new Endpoint("echo", 7), ListenOptions.Default, Stop);
        var serving = EchoAsync(echo);
        FailingPacketTransport? cable = null;
        var pair = new ConnectedPair(behind, transport => cable = new FailingPacketTransport(transport, packets));
        Failure? failure = null;
        try
        {
            await ScenarioAsync(pair.Client.Network, behind);
        }
        catch (NetworkException e)
        {
            failure = e.Failure;
        }
        if (cable!.HasFailed)
            Assert.Equal(FailureKind.NetworkLost, (await pair.Client.Multiplexer.Closed).Kind);
        else
            Assert.Null(failure);
        var reached = !cable.HasFailed;
        await pair.DisposeAsync();
        await echo.DisposeAsync();
        await serving;
        Assert.Equal(0, pair.Client.Multiplexer.Buffers.Outstanding);
        Assert.Equal(0, pair.Server.Buffers.Outstanding);
        Assert.Equal(0, pair.Client.Budget.Granted);
        Assert.Equal(0, behind.Listeners);
        return reached;
    }

    private static async Task ScenarioAsync(SshNetwork far, MemoryNetwork behind)
    {
        var (duplex, failure) = await far.Connect(new Endpoint("echo", 7), ConnectOptions.Default).Outcome;
        if (duplex is null)
            throw new NetworkException(failure!);
        await using (duplex)
        {
            var data = new byte[100_000];
            await duplex.WriteAsync(data, Stop);
            await duplex.EndAsync(Stop);
            var (count, end) = await CountAsync(duplex);
            if (end != ReadEnd.Ended || count != data.Length)
                throw new NetworkException(new Failure(FailureKind.NetworkLost, "cut"));
        }

        await using var listener = await far.ListenAsync(new Endpoint("127.0.0.1", 0), ListenOptions.Default, Stop);
        var dialled = (await behind.Connect(listener.LocalEndpoint, ConnectOptions.Default).Outcome).Duplex!;
        await using (dialled)
        {
            await dialled.WriteAsync("hello"u8.ToArray(), Stop);
            var (accepted, _) = await listener.AcceptAsync(Stop);
            await using (accepted)
            {
                await dialled.EndAsync(Stop);
                var (count, end) = await CountAsync(accepted);
                if (end != ReadEnd.Ended || count != 5)
                    throw new NetworkException(new Failure(FailureKind.NetworkLost, "cut"));
            }
        }
    }

    [Fact]
    public async Task A_silent_peer_is_dead_after_as_many_questions_as_allowed()
    {
        var time = new FakeTimeProvider();
        var dead = new Failure(FailureKind.NetworkLost, "Timeout, server far not responding.");
        var (ours, theirs) = MemoryPacketTransport.Pair();
        var keepAlive = new KeepAlive(TimeSpan.FromSeconds(15), 3, dead, time);
        await using var client = new ClientSide(ours, time, keepAlive: keepAlive);
        await using var peer = new ScriptedPeer(theirs, Stop);
        Assert.Contains("keepalive@openssh.com", Encoding.ASCII.GetString(await peer.ExpectAsync(MessageNumber.GlobalRequest)), StringComparison.Ordinal);
        // The first answer measures the round trip; any packet is a sign of life, so this interval asks nothing.
        time.Advance(TimeSpan.FromMilliseconds(20));
        await peer.SendAsync(ChannelMessages.RequestFailure());
        while (client.Multiplexer.RoundTrip.Shortest is null)
            await Task.Yield();
        Assert.Equal(TimeSpan.FromMilliseconds(20), client.Multiplexer.RoundTrip.Shortest);
        await IntervalAsync();
        for (var asked = 0; asked < 3; asked++)
        {
            await IntervalAsync();
            await peer.ExpectAsync(MessageNumber.GlobalRequest);
            Assert.False(client.Multiplexer.Closed.IsCompleted);
        }
        // It speaks up, whatever it says: the count begins again.
        await peer.SendAsync(ChannelMessages.GlobalRequest("hello@example.com", false, []));
        while (client.Multiplexer.PacketsReceived < 2)
            await Task.Yield();
        await IntervalAsync();
        for (var asked = 0; asked < 3; asked++)
        {
            await IntervalAsync();
            await peer.ExpectAsync(MessageNumber.GlobalRequest);
        }
        Assert.False(client.Multiplexer.Closed.IsCompleted);
        var dial = client.Network.Connect(new Endpoint("far", 1), ConnectOptions.Default with { Timeout = TimeSpan.FromHours(1) });
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(dead, await client.Multiplexer.Closed);
        Assert.Equal(dead, (await dial.Outcome).Failure);

        // Two intervals at once would be one to a periodic timer: each waits until the one before was dealt with.
        async Task IntervalAsync()
        {
            var looks = keepAlive.Looks;
            time.Advance(TimeSpan.FromSeconds(15));
            while (keepAlive.Looks == looks)
                await Task.Yield();
        }
    }

    [Fact]
    public async Task A_flood_of_opens_is_refused_and_costs_little()
    {
        var behind = new MemoryNetwork();
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var server = new Culvert.Ssh.Server.ServerSession(ours, ConnectedPair.Options(behind), new MultiplexerOptions());
        await using var peer = new ScriptedPeer(theirs, Stop);
        await using var sink = await behind.ListenAsync(new Endpoint("sink", 9), ListenOptions.Default, Stop);
        var open = ChannelMessages.Addresses(new Endpoint("sink", 9), new Endpoint("127.0.0.1", 1));
        for (var i = 0; i < ConnectionLimits.MaximumChannels + 10; i++)
        {
            await peer.SendAsync(ChannelMessages.Open("direct-tcpip", (uint)i, 1000, open));
            var answer = await peer.ReceiveAsync();
            Assert.Equal(i < ConnectionLimits.MaximumChannels ? MessageNumber.ChannelOpenConfirmation : MessageNumber.ChannelOpenFailure, answer[0]);
        }
        Assert.Equal(0, server.Buffers.Outstanding);
    }

    [Fact]
    public async Task A_peer_that_asks_and_never_reads_is_cut_off()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair(capacity: 1, batch: 1);
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        var question = ChannelMessages.GlobalRequest("keepalive@openssh.com", true, []);
        for (var i = 0; i < ConnectionLimits.MaximumQueuedMessages + 10; i++)
            await peer.SendAsync(question);
        Assert.Contains("faster than it reads", (await client.Multiplexer.Closed).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_a_peer_sends_the_connection_ends_with_a_reason_or_goes_on() =>
        await Gen.Byte.Array[0, 40].Array[1, 20].SampleAsync(async payloads =>
        {
            var (ours, theirs) = MemoryPacketTransport.Pair();
            await using var client = new ClientSide(ours);
            await using var peer = new ScriptedPeer(theirs, Stop);
            var dial = client.Network.Connect(new Endpoint("far", 1), ConnectOptions.Default);
            foreach (var payload in payloads)
                await peer.SendAsync(Likely(payload));
            await client.DisposeAsync();
            Assert.DoesNotContain("internal error", (await client.Multiplexer.Closed).Text, StringComparison.Ordinal);
            if ((await dial.Outcome).Duplex is { } duplex)
                await duplex.DisposeAsync();
            Assert.Equal(0, client.Multiplexer.Buffers.Outstanding);
            Assert.Equal(0, client.Budget.Granted);
        }, iter: 400, threads: 1);

    /// <summary>Numbers of this layer most of the time, and small channel numbers.</summary>
    private static byte[] Likely(byte[] payload)
    {
        var likely = payload.ToArray();
        if (likely.Length > 4)
        {
            likely[0] = (byte)(80 + likely[0] % 24);
            likely[1] = likely[2] = likely[3] = 0;
            likely[4] %= 2;
        }
        return likely;
    }

    private static async Task<(long, ReadEnd)> CountAsync(Duplex duplex)
    {
        for (long count = 0; ;)
        {
            var read = await duplex.ReadAsync(Stop);
            if (read.End != ReadEnd.None)
                return (count, read.End);
            count += read.Bytes.Length;
            duplex.Release(read.Bytes.Length);
        }
    }

    internal static async Task EchoAsync(IListener listener)
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var (duplex, _) = await listener.AcceptAsync(Stop);
                serving.Add(ServeAsync(duplex));
            }
        }
        catch (NetworkException)
        {
            await Task.WhenAll(serving);
        }

        static async Task ServeAsync(Duplex duplex)
        {
            await using (duplex)
            {
                var outcome = await Relay.CopyAsync(duplex, duplex, null, Stop);
                if (outcome.Source == ReadEnd.Ended)
                    await duplex.EndAsync(Stop);
                else
                    duplex.Abort();
            }
        }
    }
}
