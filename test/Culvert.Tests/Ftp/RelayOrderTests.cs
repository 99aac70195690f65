using System.Collections.Concurrent;
using System.Text;
using Culvert.Ftp;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>What the relay asks of the networks, and in which order it does things: what a peer that is quick, slow or gone could otherwise see.</summary>
public sealed class RelayOrderTests
{
    private static readonly byte[] File = Encoding.ASCII.GetBytes(new string('x', 3000));

    [Fact]
    public async Task ASocketThatTheClientConnectsToIsArmedToReset()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.EpsvAsync();
        Assert.True(rig.Near.Listened[^1].ArmedToReset);
    }

    [Fact]
    public async Task ASocketToAClientsPortIsArmedToReset()
    {
        await using var rig = await RelayRig.StartAsync();
        ConnectOptions? asked = null;
        rig.Near.RefuseConnect = (_, options) =>
        {
            asked = options;
            return null;
        };
        await using var listener = await rig.ListenAsync(rig.Far);
        await using var near = await rig.ListenAsync(rig.Near);
        await rig.Client.SayAsync($"EPRT |1|127.0.0.1|{near.LocalEndpoint.Port}|", "RETR f");
        await rig.Server.HearAsync();
        await rig.ReplyFrom229Async(listener);
        Assert.Equal("RETR f", await rig.Server.HearAsync());
        Assert.True(asked!.ArmedToReset);
    }

    [Fact]
    public async Task APortOfAClientWhoseUserIsUnknownIsNotDialled()
    {
        await using var rig = await RelayRig.StartAsync(prepare: rig => rig.Near.Owner = null);
        await using var listener = await rig.ListenAsync(rig.Far);
        await using var near = await rig.ListenAsync(rig.Near);
        await rig.Client.SayAsync($"EPRT |1|127.0.0.1|{near.LocalEndpoint.Port}|", "RETR f");
        await rig.Server.HearAsync();
        await rig.ReplyFrom229Async(listener);
        Assert.Equal("425 Can't open data connection: the user behind the control connection can't be told.", await rig.Client.HearAsync());
    }

    [Fact]
    public async Task ADownloadThatBreaksAtTheServersSideIsNoSuccess()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(File, rig.Hang);
        server.Abort();
        Assert.Equal(ReadEnd.Reset, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
        await rig.Server.SayAsync("226 done");
        Assert.StartsWith("426 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheClientsEndIsKnownBeforeTheServerCanAnswerIt()
    {
        var ends = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var rig = await RelayRig.StartAsync();
        rig.Far.Wrap = (_, duplex) => new JournalDuplex(duplex, what => { if (what == "end") ends.TrySetResult(); }, mayEnd.Task);
        var (client, _) = await rig.StandingAsync();
        await rig.PassAsync("STOR f");
        await client.WriteAsync(File, rig.Hang);
        await client.EndAsync(rig.Hang);
        await ends.Task.WaitAsync(rig.Hang);
        await rig.Server.SayAsync("226 done");
        var heard = rig.Client.HearAsync();
        mayEnd.SetResult();
        Assert.Equal("226 done", await heard);
    }

    [Fact]
    public async Task AnAborIsOnItsWayBeforeTheDataIsCut()
    {
        var journal = new ConcurrentQueue<string>();
        await using var rig = await RelayRig.StartAsync(prepare: rig =>
            rig.Far.Wrap = (to, duplex) => new JournalDuplex(duplex, what => journal.Enqueue($"{(to.Port == 21 ? "control" : "data")}: {what}"), Task.CompletedTask));
        await rig.EpsvAsync();
        await rig.Client.SayAsync("STOR f");
        Assert.Equal("STOR f", await rig.PassTimeUntilAsync(rig.Server.HearAsync(), TimeSpan.FromMilliseconds(100)));
        Assert.Equal("ABOR", await rig.PassTimeUntilAsync(rig.Server.HearAsync(), TimeSpan.FromSeconds(1)));
        await rig.Server.SayAsync("426 aborted");
        Assert.StartsWith("425 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        Assert.Equal(["control: write ABOR\r\n", "data: abort"], journal.Where(entry => entry is "control: write ABOR\r\n" or "data: abort").Distinct());
    }

    [Fact]
    public async Task RepliesBehindAHeldOneWait()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.Client.SayAsync("RETR f", "STAT");
        Assert.Equal("RETR f", await rig.Server.HearAsync());
        Assert.Equal("STAT", await rig.Server.HearAsync());
        await rig.Server.SayAsync("150 go", "226 done", "211 idle");
        Assert.Equal("150 go", await rig.Client.HearAsync());
        await server.WriteAsync(File, rig.Hang);
        await server.EndAsync(rig.Hang);
        Assert.Equal(File, (await RelayRig.ReadAllAsync(client, rig.Hang)).Bytes);
        Assert.Equal("226 done", await rig.Client.HearAsync());
        Assert.Equal("211 idle", await rig.Client.HearAsync());
    }

    [Fact]
    public async Task AClientThatDoesNotCloseItsDataConnectionIsClosedUpon()
    {
        await using var rig = await RelayRig.StartAsync();
        var before = rig.Near.OpenConnections;
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        Assert.Equal(ReadEnd.Ended, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
        // The client's own end stays open; the relay's must not.
        await rig.PassTimeUntilAsync(OnlyTheClientsEndIsLeftAsync(), TimeSpan.FromSeconds(1));

        async Task<bool> OnlyTheClientsEndIsLeftAsync()
        {
            while (rig.Near.OpenConnections > before + 1)
            {
                rig.Hang.ThrowIfCancellationRequested();
                await Task.Yield();
            }
            return true;
        }
    }

    // Seen as a session that stood still, once in some hundred over TLS: it was told on another thread, and was faster than the end of the read.
    [Fact]
    public async Task WhoIsToldOfAReadMayBeginTheNext()
    {
        var stop = TestContext.Current.CancellationToken;
        var lines = new List<string>();
        TaskCompletionSource first = new(), both = new();
        var (here, there) = MemoryDuplex.Pair();
        ControlConnection connection = null!;
        connection = new ControlConnection(here, Speaker.Server, TimeSpan.FromMinutes(1), TimeProvider.System, OnRead);
        await using var owned = connection;
        await connection.BeginReadAsync(stop);
        await there.WriteAsync("220 a\r\n"u8.ToArray(), stop);
        await first.Task.WaitAsync(TimeSpan.FromSeconds(30), stop);
        await there.WriteAsync("220 b\r\n"u8.ToArray(), stop);
        await both.Task.WaitAsync(TimeSpan.FromSeconds(30), stop);
        Assert.Equal(["220 a", "220 b"], lines);

        void OnRead()
        {
            while (connection.TryRead(out var line))
                lines.Add(line.ToString());
            Assert.True(connection.BeginReadAsync(stop).AsTask().IsCompletedSuccessfully);
            (lines.Count == 1 ? first : both).TrySetResult();
        }
    }

    [Fact]
    public async Task LinesLeaveInOneWrite()
    {
        var writes = new List<string>();
        var (here, _) = MemoryDuplex.Pair();
        await using var connection = new ControlConnection(new JournalDuplex(here, writes.Add, Task.CompletedTask), Speaker.Server, TimeSpan.FromMinutes(1), TimeProvider.System, static () => { });
        connection.Say(FtpLine.Of("PASS x"));
        connection.Say(FtpLine.Of("PWD"));
        await connection.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["write PASS x\r\nPWD\r\n"], writes);
    }
}
