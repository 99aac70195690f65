using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Net.Tcp.Io;
using Xunit;

namespace Culvert.Tests.Net;

/// <summary>Both ways in which a socket's bytes are moved behave alike: the loop, where there is one, and the runtime's own, which other systems have.</summary>
public sealed class TcpIoTests
{
    private static readonly TcpNetwork Tcp = new(TimeProvider.System);
    private static readonly TcpNetwork Portable = new(TimeProvider.System) { IsPortable = true };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_is_more_than_the_kernel_holds_arrives_whole_both_ways_at_once(bool portable)
    {
        await using var pair = await Pair.ConnectAsync(portable ? Portable : Tcp);
        var bytes = new byte[20_000_000];
        RandomNumberGenerator.Fill(bytes);
        var results = await Task.WhenAll(SendAsync(pair.Near, bytes), SendAsync(pair.Far, bytes), HashAsync(pair.Near), HashAsync(pair.Far));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), results[2]);
        Assert.Equal(results[2], results[3]);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_reader_that_waits_sees_an_end_as_an_end_and_a_reset_as_a_reset(bool portable)
    {
        foreach (var reset in new[] { false, true })
        {
            await using var pair = await Pair.ConnectAsync(portable ? Portable : Tcp);
            var reading = pair.Near.ReadAsync(Stop).AsTask();
            if (reset)
                pair.Far.Abort();
            else
                await pair.Far.EndAsync(Stop);
            Assert.Equal(reset ? ReadEnd.Reset : ReadEnd.Ended, (await reading).End);
        }
    }

    [Fact]
    public async Task A_connection_that_is_refused_leaves_nothing_in_the_loop_and_does_not_end_it()
    {
        Assert.SkipWhen(EpollLoop.Shared is null, "there is no such loop on this system");
        using var deaf = new DeafPort();
        var before = EpollLoop.Shared.Sockets;
        const int tries = 3000; // other tests have sockets too, but not so many
        for (var round = 0; round < tries / 100; round++)
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Tcp.Connect(deaf.Endpoint, ConnectOptions.Default).Outcome));
            Assert.All(outcomes, outcome => Assert.Equal(FailureKind.Refused, outcome.Failure?.Kind));
        }
        Assert.InRange(EpollLoop.Shared.Sockets, 0, before + tries / 2);
        await using var pair = await Pair.ConnectAsync(Tcp);
        var reading = pair.Near.ReadAsync(Stop).AsTask();
        await pair.Far.EndAsync(Stop);
        Assert.Equal(ReadEnd.Ended, (await reading).End);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task An_abort_wakes_who_waits_to_read_and_who_waits_to_write(bool portable)
    {
        await using var pair = await Pair.ConnectAsync(portable ? Portable : Tcp);
        var reading = pair.Near.ReadAsync(Stop).AsTask();
        var writing = pair.Near.WriteAsync(new byte[50_000_000], Stop).AsTask();
        Assert.False(writing.IsCompleted);
        pair.Near.Abort();
        Assert.Equal(ReadEnd.Reset, (await reading).End);
        Assert.Equal(WriteEnd.Closed, await writing);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_read_that_was_given_up_takes_nothing_from_the_next_one(bool portable)
    {
        await using var pair = await Pair.ConnectAsync(portable ? Portable : Tcp);
        for (var round = 0; round < 3; round++)
        {
            using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var reading = pair.Near.ReadAsync(new byte[16], giveUp.Token).AsTask();
            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
            await pair.Far.WriteAsync("word"u8.ToArray(), Stop);
            var into = new byte[16];
            Assert.Equal("word"u8.ToArray(), (await pair.Near.ReadAsync(into, Stop)).Bytes.ToArray());
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_dial_that_nobody_answers_is_refused(bool portable)
    {
        using var deaf = new DeafPort();
        var (_, failure) = await (portable ? Portable : Tcp).Connect(deaf.Endpoint, ConnectOptions.Default).Outcome;
        Assert.Equal(new Failure(FailureKind.Refused, "Connection refused"), failure);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_sender_whose_peer_takes_nothing_does_not_hold_up_the_others(bool portable)
    {
        await using var stalled = await Pair.ConnectAsync(portable ? Portable : Tcp);
        await using var moving = await Pair.ConnectAsync(portable ? Portable : Tcp);
        var waiting = stalled.Near.WriteAsync(new byte[50_000_000], Stop).AsTask();
        var bytes = new byte[5_000_000];
        await Task.WhenAll(SendAsync(moving.Near, bytes), HashAsync(moving.Far));
        Assert.False(waiting.IsCompleted);
        stalled.Near.Abort();
        await waiting;
    }

    // Level-triggered: what is ready and not wanted would be told of again and again.
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_socket_that_is_ready_or_broken_while_nobody_waits_for_it_does_not_keep_the_loop_busy(bool broken)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the loop needs epoll");
        var loop = EpollLoop.Start()!; // of this test alone
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var sockets = new List<(EpollSocket Near, Socket Far)>();
        for (var i = 0; i < 2; i++)
        {
            var near = new EpollSocket(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), loop);
            await near.ConnectAsync((IPEndPoint)listener.LocalEndPoint!, Stop);
            sockets.Add((near, await listener.AcceptAsync(Stop)));
        }
        var (idle, idlePeer) = sockets[0];
        var (busy, busyPeer) = sockets[1];
        idlePeer.Send("x"u8);
        await idle.ReceiveAsync(Memory<byte>.Empty, Stop);
        if (broken)
        {
            idlePeer.LingerState = new LingerOption(true, 0);
            idlePeer.Dispose();
        }
        var before = loop.Turns;
        const int Rounds = 50;
        for (var i = 0; i < Rounds; i++)
        {
            busyPeer.Send("x"u8);
            await busy.ReceiveAsync(Memory<byte>.Empty, Stop);
            Assert.Equal(1, await busy.ReceiveAsync(new byte[1], Stop));
        }
        Assert.InRange(loop.Turns - before, 1, 3 * Rounds); // at most: the byte, that nobody takes it, that the other one is idle
        Assert.Equal(1, await idle.ReceiveAsync(new byte[1], Stop));
        if (broken)
            await Assert.ThrowsAsync<SocketException>(async () => await idle.ReceiveAsync(new byte[1], Stop));
        foreach (var (near, far) in sockets)
        {
            near.Close();
            far.Dispose();
        }
    }

    [Fact]
    public async Task What_a_turn_puts_off_is_done_once_at_its_end()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the loop needs epoll");
        await using var pair = await Pair.ConnectAsync(Tcp);
        var work = new Counted();
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext); // whoever has connected goes on within a turn
        Assert.False(Turn.TryPutOff(work));
        var inTurn = PutOffAsync();
        await pair.Far.WriteAsync("x"u8.ToArray(), Stop);
        Assert.Equal((true, 0), await inTurn);
        await work.Done;
        Assert.Equal(1, work.Times);

        async Task<(bool, int)> PutOffAsync()
        {
            await pair.Near.ReadAsync(Memory<byte>.Empty, Stop).ConfigureAwait(false);
            var put = Turn.TryPutOff(work) && Turn.TryPutOff(work);
            return (put, work.Times);
        }
    }

    private static async Task<string> SendAsync(Duplex duplex, byte[] bytes)
    {
        Assert.Equal(WriteEnd.None, await duplex.WriteAsync(bytes, Stop));
        await duplex.EndAsync(Stop);
        return "";
    }

    private static async Task<string> HashAsync(Duplex duplex)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (true)
        {
            var read = await duplex.ReadAsync(Stop);
            if (read.End != ReadEnd.None)
                return read.End == ReadEnd.Ended ? Convert.ToHexString(hash.GetHashAndReset()) : read.End.ToString();
            hash.AppendData(read.Bytes.Span);
            duplex.Release(read.Bytes.Length);
        }
    }

    private static async Task<ReadResult> ReadAllAsync(Duplex duplex)
    {
        ReadResult read;
        while ((read = await duplex.ReadAsync(Stop)).End == ReadEnd.None)
            duplex.Release(read.Bytes.Length);
        return read;
    }

    private sealed class Counted : ITurnEnd
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Times { get; private set; }

        public Task Done => _done.Task;

        public void OnTurnEnd()
        {
            Times++;
            _done.TrySetResult();
        }
    }

    private sealed record Pair(Duplex Near, Duplex Far) : IAsyncDisposable
    {
        public static async Task<Pair> ConnectAsync(TcpNetwork network)
        {
            await using var listener = await network.ListenAsync(new Endpoint(Endpoint.Loopback4, 0), new() { ArmedToReset = true }, Stop);
            var dial = network.Connect(listener.LocalEndpoint, new() { ArmedToReset = true });
            var (far, _) = await listener.AcceptAsync(Stop);
            return new((await dial.Outcome).Duplex!, far);
        }

        public async ValueTask DisposeAsync()
        {
            await Near.DisposeAsync();
            await Far.DisposeAsync();
        }
    }
}
