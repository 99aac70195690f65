using Culvert.Ftp;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>When a transfer is called complete: never before its client has taken it, and has shown that it lived on.</summary>
public sealed class RelayCompletionTests
{
    private static readonly byte[] Part = new byte[3000];
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ADownloadIsCompleteOnlyWhenTheClientHasTakenIt(bool killed)
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        if (killed)
            client.Abort(); // what a system does for a process that dies with bytes unread
        else
        {
            await RelayRig.ReadAllAsync(client, rig.Hang);
            await client.EndAsync(rig.Hang);
        }
        Assert.Equal(killed ? TransferResult.Unverified : TransferResult.Complete, (await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), Tick)).Result);
    }

    // The server has closed its side entirely: the copy from the client has stopped before the client's end comes.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HowAClientEndsIsSeenWhenTheServerTakesNothingMore(bool killed)
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await server.DisposeAsync();
        await rig.ReplyAsync("226 done");
        await client.WriteAsync("stray"u8.ToArray(), rig.Hang);
        await rig.RestAsync();
        if (killed)
            client.Abort();
        else
            await CloseAsync(rig, client);
        Assert.Equal(killed ? TransferResult.Unverified : TransferResult.Complete, (await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), Tick)).Result);
    }

    // curl closes as soon as it has as many bytes as SIZE said. The server, which waits with its verdict until it hears our end, has heard it by then.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AClientMayCloseAfterOurEndAndBeforeTheVerdict(bool killed)
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.PassTimeUntilAsync(RelayRig.ReadAllAsync(server, rig.Hang), TimeSpan.FromMilliseconds(5));
        if (killed)
        {
            client.Abort();
            while (rig.Near.OpenConnections > 2) // both ends of the control connection
                await Task.Yield();
            await rig.Server.SayAsync("226 done");
            Assert.StartsWith("426 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        }
        else
        {
            await CloseAsync(rig, client);
            await rig.RestAsync();
            await rig.ReplyAsync("226 done");
        }
        Assert.Equal(killed ? TransferResult.Failed : TransferResult.Complete, (await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), Tick)).Result);
    }

    [Fact]
    public async Task ADownloadWhoseClientGoesAwayWithItsDataUnreadIsNotComplete()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        await rig.Client.Duplex.DisposeAsync();
        client.Abort();
        Assert.Equal(TransferResult.Unverified, (await rig.Watcher.NextAsync(rig.Hang)).Result);
    }

    [Fact]
    public async Task ADownloadWhoseClientNeverClosesIsNotCalledComplete()
    {
        await using var rig = await RelayRig.StartAsync();
        var (_, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        await rig.PassAsync("NOOP"); // the dialogue goes on meanwhile
        await rig.ReplyAsync("200 fine");
        Assert.Empty(rig.Watcher.Done);
        var told = await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), TimeSpan.FromSeconds(1));
        Assert.Equal(TransferResult.Unverified, told.Result);
    }

    // A process that is killed with the last bytes in its memory, and not on its disk: its system closes all its sockets in order, as if it had read to the end.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public async Task AClientThatDiesBeforeTheVerdictHasNoCompleteTransfer(bool upload)
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await CarryAsync(rig, client, server, upload);
        await CloseAsync(rig, client);
        await rig.Client.Duplex.EndAsync(rig.Hang);
        await rig.Client.Duplex.DisposeAsync();
        await rig.RestAsync();
        await rig.Server.SayAsync("226 done");
        await rig.Server.Duplex.EndAsync(rig.Hang);
        Assert.Equal(TransferResult.Unverified, (await rig.Watcher.NextAsync(rig.Hang)).Result);
    }

    // The reply was on its way: it comes to nobody, and the client's system answers with a reset.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public async Task AClientThatDiesWithTheVerdictUnreadHasNoCompleteTransfer(bool upload)
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await CarryAsync(rig, client, server, upload);
        await rig.Server.SayAsync("226 done");
        await rig.RestAsync();
        await CloseAsync(rig, client);
        rig.Client.Duplex.Abort();
        await rig.RestAsync(); // nothing is said to it any more that could be refused: the reset alone must tell
        await rig.Server.Duplex.EndAsync(rig.Hang);
        Assert.Equal(TransferResult.Unverified, (await rig.Watcher.NextAsync(rig.Hang)).Result);
    }

    // Its end has been read, and the reply lies there as well and is looked at first. A system that is busy refuses what is said then only when nobody looks any more.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public async Task AClientWhoseEndHadComeBeforeTheVerdictHasNoCompleteTransfer(bool upload)
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await CarryAsync(rig, client, server, upload);
        await CloseAsync(rig, client);
        // A little more to say than the client's side holds: the session waits for the client to read it, has read the verdict already, and learns meanwhile that the client has ended.
        var saying = rig.Server.SayAsync($"150-{string.Concat(Enumerable.Repeat($" {new string('x', 998)}\r\n", 66))}150 go\r\n226 done");
        await rig.RestAsync();
        await rig.Client.Duplex.EndAsync(rig.Hang);
        await rig.RestAsync();
        var reading = RelayRig.ReadAllAsync(rig.Client.Duplex, rig.Hang);
        await saying;
        await rig.Server.Duplex.EndAsync(rig.Hang);
        await reading;
        Assert.Equal(TransferResult.Unverified, (await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), Tick)).Result);
    }

    // Its end was on its way when the reply went out: what is said to it after that is refused.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AClientWhoseEndCrossesTheVerdictHasNoCompleteTransfer(bool upload)
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await CarryAsync(rig, client, server, upload);
        await CloseAsync(rig, client);
        rig.Near.Refuse(); // whatever is written from now on comes to nobody
        await rig.Server.SayAsync("226 done");
        await rig.RestAsync();
        await rig.Client.Duplex.EndAsync(rig.Hang);
        await rig.Server.Duplex.EndAsync(rig.Hang);
        Assert.Equal(TransferResult.Unverified, (await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), Tick)).Result);
    }

    // The same, where the network tells what the client's system has acknowledged.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnEndThatDoesNotAcknowledgeWhatWasSaidWasOnItsWay(bool acknowledged)
    {
        var stop = TestContext.Current.CancellationToken;
        var (here, client) = MemoryDuplex.Pair();
        here.Acknowledges = true;
        await using var connection = new ControlConnection(here, Speaker.Client, TimeSpan.FromMinutes(1), TimeProvider.System, static () => { });
        connection.Say(FtpLine.Of("226 done"));
        await connection.FlushAsync(stop);
        if (acknowledged)
            client.Release((await client.ReadAsync(stop)).Bytes.Length);
        await client.EndAsync(stop);
        await connection.DrainAsync(stop);
        Assert.Equal(acknowledged, connection.HasTakenAll);
    }

    [Theory]
    [InlineData(true, "speaks")]
    [InlineData(false, "speaks")]
    [InlineData(true, "stays")]
    [InlineData(false, "stays")]
    [InlineData(true, "leaves")]
    [InlineData(false, "leaves")]
    [InlineData(true, "quits")]
    [InlineData(false, "quits")]
    public async Task AClientThatLivesOnHasACompleteTransfer(bool upload, string how)
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await CarryAsync(rig, client, server, upload);
        await rig.ReplyAsync("226 done");
        await RelayRig.ReadAllAsync(client, rig.Hang);
        await CloseAsync(rig, client);
        await rig.RestAsync();
        Assert.Empty(rig.Watcher.Done);
        switch (how)
        {
            case "speaks":
                await rig.Client.SayAsync("NOOP");
                break;
            case "stays":
                rig.Time.Advance(TimeSpan.FromSeconds(1));
                break;
            case "leaves":
                await rig.Client.Duplex.EndAsync(rig.Hang);
                await rig.Server.Duplex.EndAsync(rig.Hang);
                break;
            case "quits":
                await rig.PassAsync("QUIT");
                await rig.ReplyAsync("221 bye");
                await rig.Server.Duplex.EndAsync(rig.Hang);
                break;
        }
        var told = await rig.Watcher.NextAsync(rig.Hang);
        Assert.Equal((TransferResult.Complete, 3000), (told.Result, told.Bytes));
    }

    // A second transfer begins its own wait: the first one's time isn't its.
    [Fact]
    public async Task EachTransferIsGivenItsOwnTime()
    {
        await using var rig = await RelayRig.StartAsync();
        for (var round = 0; round < 2; round++)
        {
            var (client, server) = await rig.StandingAsync();
            await CarryAsync(rig, client, server, upload: true);
            await rig.ReplyAsync("226 done");
            await rig.RestAsync();
            Assert.Equal(round, rig.Watcher.Done.Count);
            rig.Time.Advance(TimeSpan.FromMilliseconds(600));
        }
        await rig.RestAsync();
        Assert.Single(rig.Watcher.Done);
        rig.Time.Advance(TimeSpan.FromMilliseconds(400));
        await rig.Watcher.NextAsync(rig.Hang);
        Assert.Equal(TransferResult.Complete, (await rig.Watcher.NextAsync(rig.Hang)).Result);
    }

    [Theory]
    [InlineData(3000, false)]
    [InlineData(3001, true)]
    public async Task ADownloadOfAnotherSizeThanAnnouncedIsMarked(int announced, bool differs)
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("TYPE I");
        await rig.ReplyAsync("200 binary");
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await rig.ReplyAsync($"150 Opening BINARY mode data connection for f ({announced} bytes).");
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        Assert.Equal(Part, (await RelayRig.ReadAllAsync(client, rig.Hang)).Bytes);
        await client.EndAsync(rig.Hang);
        Assert.Equal(differs, (await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), Tick)).CountDiffers);
    }

    [Fact]
    public async Task AnUploadWhoseClientVanishesEndsInOrderAndIsNeverCalledComplete()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("STOR f");
        await client.WriteAsync(Part, rig.Hang);
        await CloseAsync(rig, client);
        await rig.Client.Duplex.EndAsync(rig.Hang);
        await rig.Client.Duplex.DisposeAsync();
        var (bytes, end) = await RelayRig.ReadAllAsync(server, rig.Hang);
        Assert.Equal((Part.Length, ReadEnd.Ended), (bytes.Length, end));
        Assert.Equal("(Ended)", await rig.Server.HearAsync());
        await rig.Server.Duplex.EndAsync(rig.Hang);
        await rig.Ended.WaitAsync(rig.Hang);
        Assert.Equal(TransferResult.Unverified, Assert.Single(rig.Watcher.Done).Result);
    }

    private static async Task CloseAsync(RelayRig rig, Duplex client)
    {
        await client.EndAsync(rig.Hang);
        await client.DisposeAsync();
    }

    /// <summary>A whole file, up to the end that its sender says. A client that receives has read all, and hasn't closed.</summary>
    private static async Task CarryAsync(RelayRig rig, Duplex client, Duplex server, bool upload)
    {
        await rig.PassAsync(upload ? "STOR f" : "RETR f");
        var (from, to) = upload ? (client, server) : (server, client);
        await from.WriteAsync(Part, rig.Hang);
        await from.EndAsync(rig.Hang);
        for (var got = 0; got < Part.Length;)
        {
            var read = await to.ReadAsync(rig.Hang);
            to.Release(read.Bytes.Length);
            got += read.Bytes.Length;
        }
        // A server says nothing of an upload before it has read the end.
        if (upload)
            Assert.Equal(ReadEnd.Ended, (await to.ReadAsync(rig.Hang)).End);
    }
}
