using System.Security.Cryptography;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Net;

public sealed class RelayTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Client and server ends of a connection that a relay joins: client → [near relay far] → server.</summary>
    private sealed class Joined : IAsyncDisposable
    {
        public required Duplex Client { get; init; }
        public required Duplex Server { get; init; }
        public required Task<RelayOutcome> Running { get; init; }
        public required Duplex[] Owned { get; init; }

        public static Joined InMemory(int capacity, int? farCapacity = null, bool lossyFar = false, bool acknowledges = false)
        {
            var (client, near) = MemoryDuplex.Pair(capacity);
            var (far, server) = MemoryDuplex.Pair(farCapacity ?? capacity, lossyFar);
            client.Acknowledges = far.Acknowledges = acknowledges;
            return new Joined { Client = client, Server = server, Running = RunAsync(near, far), Owned = [client, server] };
        }

        public static async Task<Joined> OverTcpAsync(bool portable)
        {
            var network = new TcpNetwork(TimeProvider.System) { IsPortable = portable };
            var (client, near) = await PairAsync(network);
            var (far, server) = await PairAsync(network);
            return new Joined { Client = client, Server = server, Running = RunAsync(near, far), Owned = [client, server] };
        }

        public static async Task<Joined> ToTcpAsync(bool portable)
        {
            var (client, near) = MemoryDuplex.Pair();
            client.Acknowledges = true;
            var (far, server) = await PairAsync(new TcpNetwork(TimeProvider.System) { IsPortable = portable });
            return new Joined { Client = client, Server = server, Running = RunAsync(near, far), Owned = [client, server] };
        }

        private static async Task<RelayOutcome> RunAsync(Duplex near, Duplex far)
        {
            await using (near)
            await using (far)
                return await Relay.RunAsync(near, far, Stop);
        }

        private static async Task<(Duplex, Duplex)> PairAsync(TcpNetwork network)
        {
            await using var listener = await network.ListenAsync(new Endpoint(Endpoint.Loopback4, 0), ListenOptions.Default, Stop);
            var dial = network.Connect(listener.LocalEndpoint, ConnectOptions.Default);
            var accepted = await listener.AcceptAsync(Stop);
            return ((await dial.Outcome).Duplex!, accepted.Duplex);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var duplex in Owned)
                await duplex.DisposeAsync();
        }
    }

    private static async Task<(byte[] Bytes, ReadEnd End)> ReadAllAsync(Duplex duplex)
    {
        var all = new MemoryStream();
        while (true)
        {
            var read = await duplex.ReadAsync(Stop);
            if (read.End != ReadEnd.None)
                return (all.ToArray(), read.End);
            all.Write(read.Bytes.Span);
            duplex.Release(read.Bytes.Length);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public async Task A_peer_that_answers_after_the_end_of_input_keeps_its_answer(int capacity)
    {
        await using var joined = Joined.InMemory(capacity);
        await AnswersAfterEnd(joined);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Over_TCP_a_peer_that_answers_after_the_end_of_input_keeps_its_answer(bool portable)
    {
        await using var joined = await Joined.OverTcpAsync(portable);
        await AnswersAfterEnd(joined);
    }

    private static async Task AnswersAfterEnd(Joined joined)
    {
        var question = RandomNumberGenerator.GetBytes(5000);
        var sending = Task.Run(async () =>
        {
            Assert.Equal(WriteEnd.None, await joined.Client.WriteAsync(question, Stop));
            await joined.Client.EndAsync(Stop);
        });
        var received = await ReadAllAsync(joined.Server);
        Assert.Equal(ReadEnd.Ended, received.End);
        Assert.Equal(question, received.Bytes);
        await sending;

        var answering = Task.Run(async () =>
        {
            await joined.Server.WriteAsync(question.AsMemory(100), Stop);
            await joined.Server.EndAsync(Stop);
        });
        var answer = await ReadAllAsync(joined.Client);
        Assert.Equal(ReadEnd.Ended, answer.End);
        Assert.Equal(question[100..], answer.Bytes);
        await answering;

        var outcome = await joined.Running;
        Assert.Equal(new CopyOutcome(5000, ReadEnd.Ended, WriteEnd.None), outcome.Forward);
        Assert.Equal(new CopyOutcome(4900, ReadEnd.Ended, WriteEnd.None), outcome.Backward);
    }

    [Fact]
    public async Task A_reset_is_passed_on_as_a_reset()
    {
        await using var joined = Joined.InMemory(100);
        await joined.Server.WriteAsync("part of a file"u8.ToArray(), Stop);
        joined.Server.Abort();
        var (_, end) = await ReadAllAsync(joined.Client);
        Assert.Equal(ReadEnd.Reset, end);
        Assert.Equal(ReadEnd.Reset, (await joined.Running).Backward.Source);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Over_TCP_a_reset_is_passed_on_as_a_reset(bool portable)
    {
        await using var joined = await Joined.OverTcpAsync(portable);
        joined.Server.Abort();
        var (_, end) = await ReadAllAsync(joined.Client);
        Assert.Equal(ReadEnd.Reset, end);
    }

    // TLS 1.3: a client that has sent its file does not wait for the server's tickets, and what is written to it fails while its file is still on the way.
    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    public async Task What_was_sent_before_its_sender_went_is_carried_to_the_end(int farCapacity)
    {
        await using var joined = Joined.InMemory(capacity: 5000, farCapacity);
        await SendsAndGoes(joined);
        Assert.Equal(WriteEnd.Closed, (await joined.Running).Backward.Sink);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Over_TCP_what_was_sent_before_its_sender_went_is_carried_to_the_end(bool portable)
    {
        await using var joined = await Joined.OverTcpAsync(portable);
        await SendsAndGoes(joined);
    }

    // The same, when all was carried before the server says anything, and lies between us and a server that takes its time: closing would throw it away.
    [Fact]
    public async Task What_its_sender_left_to_a_slow_server_is_waited_for()
    {
        await using var joined = Joined.InMemory(capacity: 5000, acknowledges: true);
        await LeavesAndIsAnswered(joined, fileLength: 5000);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Over_TCP_what_its_sender_left_to_a_slow_server_is_waited_for(bool portable)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems don't tell what was acknowledged");
        await using var joined = await Joined.ToTcpAsync(portable);
        await LeavesAndIsAnswered(joined, fileLength: 500_000); // more than a server's system takes that hasn't begun to read
    }

    // A client that went has nothing to wait for: what it sent is with the server, which may neither speak nor close for days.
    [Fact]
    public async Task A_server_that_falls_silent_keeps_nothing_open_once_all_of_a_gone_client_is_through()
    {
        await using var joined = Joined.InMemory(capacity: 5000, farCapacity: 10);
        await joined.Client.WriteAsync(new byte[5000], Stop);
        await joined.Client.EndAsync(Stop);
        await joined.Client.DisposeAsync();
        ((MemoryDuplex)joined.Server).Acknowledges = true;
        await joined.Server.WriteAsync("ticket"u8.ToArray(), Stop);
        while (joined.Server.IsAcknowledged == false)
            await Task.Yield();
        await HearsAllAndIsSilent(joined, fileLength: 5000);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Over_TCP_a_server_that_falls_silent_keeps_nothing_open_once_it_has_all_of_a_gone_client(bool portable)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems don't tell what was acknowledged");
        await using var joined = await Joined.ToTcpAsync(portable);
        const int FileLength = 500_000; // more than a server's system takes that hasn't begun to read
        await joined.Client.WriteAsync(new byte[FileLength], Stop);
        while (joined.Client.IsAcknowledged == false)
            await Task.Yield();
        await joined.Client.EndAsync(Stop);
        await joined.Client.DisposeAsync();
        for (var i = 0; i < 1000; i++)
            Assert.Equal(WriteEnd.None, await joined.Server.WriteAsync("ticket"u8.ToArray(), Stop));
        Assert.False(joined.Running.IsCompleted);
        await HearsAllAndIsSilent(joined, FileLength);
    }

    private static async Task HearsAllAndIsSilent(Joined joined, int fileLength)
    {
        var (bytes, end) = await ReadAllAsync(joined.Server);
        Assert.Equal(fileLength, bytes.Length);
        Assert.Equal(ReadEnd.Ended, end);
        var outcome = await joined.Running.WaitAsync(Stop);
        Assert.Equal(new CopyOutcome(fileLength, ReadEnd.Ended, WriteEnd.None), outcome.Forward);
        Assert.Equal(WriteEnd.Closed, outcome.Backward.Sink);
    }

    private static async Task LeavesAndIsAnswered(Joined joined, int fileLength)
    {
        var file = RandomNumberGenerator.GetBytes(fileLength);
        await joined.Client.WriteAsync(file, Stop);
        while (joined.Client.IsAcknowledged == false)
            await Task.Yield();
        await joined.Client.EndAsync(Stop);
        await joined.Client.DisposeAsync();
        for (var i = 0; i < 1000; i++)
            Assert.Equal(WriteEnd.None, await joined.Server.WriteAsync("ticket"u8.ToArray(), Stop));
        Assert.False(joined.Running.IsCompleted);
        var (bytes, end) = await ReadAllAsync(joined.Server);
        Assert.Equal(file, bytes);
        Assert.Equal(ReadEnd.Ended, end);
        await joined.Server.WriteAsync("ticket"u8.ToArray(), Stop); // in vain, and by now we may be told so
        await joined.Server.EndAsync(Stop);
        Assert.Equal(new CopyOutcome(fileLength, ReadEnd.Ended, WriteEnd.None), (await joined.Running).Forward);
    }

    // Who leaves a download has its server told at once: it would send the rest of the file to nobody.
    [Theory, InlineData(false), InlineData(true)]
    public async Task Over_TCP_a_server_that_sends_to_one_who_left_is_reset(bool portable)
    {
        await using var joined = await Joined.OverTcpAsync(portable);
        await joined.Client.EndAsync(Stop);
        await joined.Client.DisposeAsync();
        var mostSent = 100_000_000;
        while (await joined.Server.WriteAsync(new byte[100_000], Stop) == WriteEnd.None)
            Assert.NotEqual(0, mostSent -= 100_000);
        Assert.Equal(WriteEnd.Closed, (await joined.Running).Backward.Sink);
    }

    // Through SSH a server that was reset looks like one that has ended: its client would take a file that was lost on the way for stored.
    [Fact]
    public async Task The_end_of_one_who_took_not_all_is_a_reset_where_resets_look_like_ends()
    {
        await using var joined = Joined.InMemory(capacity: 5000, lossyFar: true);
        await joined.Client.WriteAsync(new byte[100], Stop);
        while ((await joined.Server.ReadAsync(Stop)).Bytes.Length < 100)
        {
        }
        joined.Server.Abort();
        await joined.Client.WriteAsync(new byte[100], Stop);
        Assert.Equal(WriteEnd.Closed, (await joined.Running).Forward.Sink);
        var (_, end) = await ReadAllAsync(joined.Client);
        Assert.Equal(ReadEnd.Reset, end);
    }

    private static async Task SendsAndGoes(Joined joined)
    {
        var file = RandomNumberGenerator.GetBytes(5000);
        await joined.Client.WriteAsync(file, Stop);
        await joined.Client.EndAsync(Stop);
        await joined.Client.DisposeAsync();
        var received = new MemoryStream();
        while (await joined.Server.ReadAsync(Stop) is { End: ReadEnd.None } read)
        {
            received.Write(read.Bytes.Span);
            joined.Server.Release(read.Bytes.Length);
            await joined.Server.WriteAsync("ticket"u8.ToArray(), Stop); // taken by the relay, and by nobody after it
        }
        Assert.Equal(file, received.ToArray());
        Assert.Equal(ReadEnd.Ended, (await joined.Server.ReadAsync(Stop)).End);
        await joined.Server.EndAsync(Stop);
        Assert.Equal(ReadEnd.Ended, (await joined.Running).Forward.Source);
    }

    [Fact]
    public async Task A_lost_network_is_passed_on_as_a_reset_never_as_an_end()
    {
        var (client, near) = MemoryDuplex.Pair();
        var (far, server) = MemoryDuplex.Pair(lossy: true);
        var running = Relay.RunAsync(near, far, Stop);
        await server.WriteAsync("half"u8.ToArray(), Stop);
        far.Lose();
        var (_, end) = await ReadAllAsync(client);
        Assert.Equal(ReadEnd.Reset, end);
        Assert.Equal(ReadEnd.Lost, (await running).Backward.Source);
    }

    [Fact]
    public async Task Cancelling_resets_both_sides()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var (client, near) = MemoryDuplex.Pair();
        var (far, server) = MemoryDuplex.Pair();
        var running = Relay.RunAsync(near, far, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(ReadEnd.Reset, (await ReadAllAsync(client)).End);
        Assert.Equal(ReadEnd.Reset, (await ReadAllAsync(server)).End);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Many_bytes_over_TCP_arrive_as_they_were_sent_both_ways_at_once(bool portable)
    {
        await using var joined = await Joined.OverTcpAsync(portable);
        var (up, down) = (RandomNumberGenerator.GetBytes(3_000_001), RandomNumberGenerator.GetBytes(2_000_003));
        var sending = Task.WhenAll(SendAsync(joined.Client, up), SendAsync(joined.Server, down));
        var receivedUp = ReadAllAsync(joined.Server);
        var receivedDown = await ReadAllAsync(joined.Client);
        Assert.Equal(up, (await receivedUp).Bytes);
        Assert.Equal(down, receivedDown.Bytes);
        await sending;

        static async Task SendAsync(Duplex duplex, byte[] bytes)
        {
            await duplex.WriteAsync(bytes, Stop);
            await duplex.EndAsync(Stop);
        }
    }
}
