using Culvert.Ftp;
using Culvert.Net;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>What an observer learns of each transfer.</summary>
public sealed class TransferEventTests
{
    [Fact]
    [Proves(ProofTables.Dialogue, "each transfer is an event: who, profile, path, TYPE, REST, sizes, time, modes, reply")]
    public async Task ATransferTellsWhoWhatWhereAndHow()
    {
        await using var rig = await RelayRig.StartAsync(new FtpRelayOptions { Profile = "the branch" });
        await AskAsync(rig, "USER bob", "331 password");
        await AskAsync(rig, "PASS secret", "230 in");
        await AskAsync(rig, "CWD /pub", "250 ok");
        await AskAsync(rig, "TYPE I", "200 ok");
        await AskAsync(rig, "SIZE a", "213 10");
        var (client, server) = await rig.StandingAsync();
        await AskAsync(rig, "REST 4", "350 ok");
        await rig.PassAsync("RETR a");
        await rig.ReplyAsync("150 go");
        await server.WriteAsync("456789"u8.ToArray(), rig.Hang);
        rig.Time.Advance(TimeSpan.FromSeconds(3));
        await server.EndAsync(rig.Hang);
        await rig.Server.SayAsync("226 done");
        Assert.Equal(6, (await RelayRig.ReadAllAsync(client, rig.Hang)).Bytes.Length);
        Assert.Equal("226 done", await rig.Client.HearAsync());
        await client.EndAsync(rig.Hang);

        var transfer = await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), TimeSpan.FromMilliseconds(100));
        Assert.Equal(("the branch", new Endpoint("ftp.example", 21)), (transfer.Session.Profile, transfer.Session.Server));
        Assert.True(transfer.Session.Client.Address.IsLoopback);
        Assert.Equal("bob", transfer.User);
        Assert.Equal(("RETR", "a", "/pub/a", TransferDirection.Download), (transfer.Verb, transfer.Path, transfer.FullPath, transfer.Direction));
        Assert.Equal(("I", 4), (transfer.Type, transfer.RestartOffset));
        Assert.Equal((6, 6), (transfer.ExpectedSize, transfer.Bytes));
        Assert.Equal((DataMode.Epsv, DataMode.Epsv), (transfer.Asked, transfer.Used));
        Assert.Equal(TimeSpan.FromSeconds(3), transfer.Duration);
        Assert.Equal(("226 done", TransferResult.Complete), (transfer.Reply, transfer.Result));
    }

    [Fact]
    [Proves(ProofTables.Dialogue, "a transfer that was refused here is an event too")]
    public async Task ATransferThatThePathWasRefusedForIsAnEventToo()
    {
        await using var rig = await RelayRig.StartAsync();
        await AskAsync(rig, "CWD /pub", "250 ok");
        await AskAsync(rig, "REST 7", "350 ok");
        await rig.Client.SayAsync("EPRT |1|127.0.0.1|2000|");
        Assert.Equal("EPSV", await rig.Server.HearAsync());
        await using var listener = await rig.ListenAsync(rig.Far);
        await rig.ReplyFrom229Async(listener);
        await rig.Client.SayAsync("RETR x"); // nobody listens on port 2000
        Assert.Equal("REST 0", await rig.Server.HearAsync());
        await rig.Server.SayAsync("350 ok");
        Assert.StartsWith("425 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        var transfer = Assert.Single(rig.Watcher.Done);
        Assert.Equal(("/pub/x", 7, DataMode.Eprt, DataMode.Epsv), (transfer.FullPath, transfer.RestartOffset, transfer.Asked, transfer.Used));
        Assert.Equal((TransferResult.Failed, 0), (transfer.Result, transfer.Bytes));
        Assert.NotNull(transfer.Cause);
    }

    /// <summary>MODE B: one connection, several files, and each has its own count. How a client took one that another followed can't be told: the end stands in the data.</summary>
    [Fact]
    [Proves(ProofTables.Dialogue, "MODE B: files on one connection are counted each for itself")]
    public async Task FilesOnOneConnectionAreCountedEachForItself()
    {
        await using var rig = await RelayRig.StartAsync();
        await AskAsync(rig, "MODE B", "200 ok");
        var (client, server) = await rig.StandingAsync();
        await rig.Client.SayAsync("RETR a", "RETR b"); // the second waits: its bytes would not be told from the first's
        Assert.Equal("RETR a", await rig.Server.HearAsync());
        await CarryAsync("aaaa"u8.ToArray());
        Assert.Equal("RETR b", await rig.Server.HearAsync());
        await CarryAsync("bb"u8.ToArray());
        await rig.PassAsync("QUIT");
        await rig.ReplyAsync("221 bye");
        await server.EndAsync(rig.Hang);
        await rig.Server.Duplex.EndAsync(rig.Hang);
        Assert.Equal(ReadEnd.Ended, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
        await client.EndAsync(rig.Hang);
        await rig.Client.Duplex.EndAsync(rig.Hang);
        Transfer[] ended = [await rig.Watcher.NextAsync(rig.Hang), await rig.Watcher.NextAsync(rig.Hang)];
        Assert.Equal([("a", 4L, TransferResult.Unverified), ("b", 2L, TransferResult.Complete)], ended.Select(t => (t.Path, t.Bytes, t.Result)));

        async Task CarryAsync(byte[] bytes)
        {
            await server.WriteAsync(bytes, rig.Hang);
            for (var got = 0; got < bytes.Length;)
            {
                var read = await client.ReadAsync(rig.Hang);
                client.Release(read.Bytes.Length);
                got += read.Bytes.Length;
            }
            await rig.ReplyAsync("250 done");
        }
    }

    private static async Task AskAsync(RelayRig rig, string command, string reply)
    {
        await rig.PassAsync(command);
        await rig.ReplyAsync(reply);
    }
}
