using Culvert.Ftp;
using Culvert.Net;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>Whole files: every mode, both directions, over networks that show everything, show nothing, and carry one byte at a time.</summary>
public sealed class RelayTransferTests
{
    private static readonly byte[] File = [.. Enumerable.Range(0, 5_000).Select(i => (byte)(i * 31 >> 3))];

    public static TheoryData<string, bool, string> Combinations()
    {
        var data = new TheoryData<string, bool, string>();
        foreach (var mode in new[] { "PASV", "EPSV", "PORT", "EPRT", "PORT forward", "EPRT forward" })
        {
            foreach (var networks in new[] { "faithful", "lossy", "tiny" })
            {
                data.Add(mode, true, networks);
                data.Add(mode, false, networks);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    [Proves(ProofTables.Attacks, Attack.Segments)]
    public async Task AFileArrivesWhole(string mode, bool upload, string networks)
    {
        var forward = mode.EndsWith("forward", StringComparison.Ordinal);
        await using var rig = await RelayRig.StartAsync(new() { Active = forward ? ActiveMode.Forward : ActiveMode.Convert }, networks);
        for (var round = 0; round < 2; round++)
        {
            var (client, server) = await SetUpAsync(rig, mode[..4], forward, upload ? "STOR f" : "RETR f");
            await rig.ReplyAsync("150 go");
            var (from, to) = upload ? (client, server) : (server, client);
            var reading = RelayRig.ReadAllAsync(to, rig.Hang);
            await from.WriteAsync(File, rig.Hang);
            await from.EndAsync(rig.Hang);
            if (upload)
            {
                Assert.Equal(File, (await reading).Bytes);
                await server.EndAsync(rig.Hang);
                await rig.ReplyAsync("226 done");
            }
            else
            {
                await rig.ReplyAsync("226 done");
                var (bytes, end) = await reading;
                Assert.Equal(File, bytes);
                Assert.Equal(ReadEnd.Ended, end);
                await client.EndAsync(rig.Hang);
            }
            await rig.PassTimeUntilAsync(rig.Watcher.NextAsync(rig.Hang), TimeSpan.FromMilliseconds(100));
        }
        Assert.All(rig.Watcher.Done, transfer => Assert.Equal((TransferResult.Complete, File.Length), (transfer.Result, transfer.Bytes)));
        Assert.Equal(2, rig.Watcher.Done.Count);
        Assert.All(rig.Far.Dialled, to => Assert.Equal("ftp.example", forward && to.Port != 21 ? "ftp.example" : to.Host));
    }

    private static async Task<(Duplex Client, Duplex Server)> SetUpAsync(RelayRig rig, string command, bool forward, string verb)
    {
        if (command is "PASV" or "EPSV")
        {
            var listener = await rig.ListenAsync(rig.Far);
            await rig.Client.SayAsync(command);
            Assert.Equal(command, await rig.Server.HearAsync());
            await rig.Server.SayAsync(command == "PASV" ? $"227 ok (10,0,0,5,{listener.LocalEndpoint.Port >> 8},{listener.LocalEndpoint.Port & 255})" : $"229 ok (|||{listener.LocalEndpoint.Port}|)");
            var answer = await rig.Client.HearAsync();
            Assert.StartsWith(command == "PASV" ? "227 Entering Passive Mode (127,0,0,1," : "229 Entering Extended Passive Mode (|||", answer, StringComparison.Ordinal);
            var client = await rig.ConnectAsync(rig.Near, RelayRig.PortIn(answer));
            await rig.PassAsync(verb);
            return (client, await rig.AcceptAsync(listener));
        }

        var own = await rig.ListenAsync(rig.Near);
        var port = own.LocalEndpoint.Port;
        await rig.Client.SayAsync(command == "PORT" ? $"PORT 127,0,0,1,{port >> 8},{port & 255}" : $"EPRT |1|127.0.0.1|{port}|");
        var asked = await rig.Server.HearAsync();
        var serverListener = forward ? null : await rig.ListenAsync(rig.Far);
        await rig.Server.SayAsync(forward ? "200 fine" : $"229 ok (|||{serverListener!.LocalEndpoint.Port}|)");
        Assert.Equal($"200 {command} command successful.", await rig.Client.HearAsync());
        await rig.Client.SayAsync(verb);
        var accepted = await rig.AcceptAsync(own);
        Assert.Equal(verb, await rig.Server.HearAsync());
        if (serverListener is not null)
        {
            Assert.Equal("EPSV", asked);
            return (accepted, await rig.AcceptAsync(serverListener));
        }
        Assert.StartsWith("PORT 127,0,0,1,", asked, StringComparison.Ordinal);
        return (accepted, await rig.ConnectAsync(rig.Far, RelayRig.PortIn("227 " + asked[5..])));
    }

    [Theory]
    [InlineData("faithful", true)]
    [InlineData("faithful", false)]
    [InlineData("lossy", true)]
    [InlineData("lossy", false)]
    public async Task AnEmptyFileArrives(string networks, bool upload)
    {
        await using var rig = await RelayRig.StartAsync(networks: networks);
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync(upload ? "STOR f" : "RETR f");
        await (upload ? client : server).EndAsync(rig.Hang);
        Assert.Equal((0, ReadEnd.Ended), await LengthAndEndAsync(upload ? server : null));
        await rig.ReplyAsync("226 done");
        Assert.Equal((0, ReadEnd.Ended), await LengthAndEndAsync(upload ? null : client));

        async Task<(int, ReadEnd)> LengthAndEndAsync(Duplex? from)
        {
            if (from is null)
                return (0, ReadEnd.Ended);
            var (bytes, end) = await RelayRig.ReadAllAsync(from, rig.Hang);
            return (bytes.Length, end);
        }
    }

    [Fact]
    public async Task AClientMayConnectAfterThe150()
    {
        await using var rig = await RelayRig.StartAsync();
        var (listener, port) = await rig.EpsvAsync();
        await rig.Client.SayAsync("STOR f");
        Assert.Equal("STOR f", await rig.PassTimeUntilAsync(rig.Server.HearAsync(), TimeSpan.FromMilliseconds(100)));
        await rig.ReplyAsync("150 go");
        var client = await rig.ConnectAsync(rig.Near, port);
        var server = await rig.AcceptAsync(listener);
        await client.WriteAsync(File, rig.Hang);
        await client.EndAsync(rig.Hang);
        Assert.Equal(File, (await RelayRig.ReadAllAsync(server, rig.Hang)).Bytes);
        await rig.ReplyAsync("226 done");
    }

    [Fact]
    public async Task AServerMayBeDoneBeforeTheClientConnects()
    {
        await using var rig = await RelayRig.StartAsync();
        var (listener, port) = await rig.EpsvAsync();
        await rig.PassAsync("RETR f");
        var server = await rig.AcceptAsync(listener);
        await server.WriteAsync(File, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.Server.SayAsync("150 go", "226 done");
        Assert.Equal("150 go", await rig.Client.HearAsync());
        var reply = rig.Client.HearAsync();
        Assert.False(reply.IsCompleted);
        var client = await rig.ConnectAsync(rig.Near, port);
        Assert.Equal(File, (await RelayRig.ReadAllAsync(client, rig.Hang)).Bytes);
        Assert.Equal("226 done", await reply);
    }

    [Fact]
    public async Task AClientMayReadTheReplyBeforeTheData()
    {
        // On a busy machine time may run ahead of work that was interrupted: nothing but the wait that is meant can be over then.
        var never = TimeSpan.FromDays(40);
        await using var rig = await RelayRig.StartAsync(new() { LoginTimeout = never, VerdictTimeout = never, ControlWriteTimeout = never }, "tiny");
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        var writing = server.WriteAsync(File, rig.Hang).AsTask();
        await rig.Server.SayAsync("226 done");
        Assert.Equal("226 done", await rig.PassTimeUntilAsync(rig.Client.HearAsync(), TimeSpan.FromSeconds(1)));
        var reading = RelayRig.ReadAllAsync(client, rig.Hang);
        await writing;
        await server.EndAsync(rig.Hang);
        var (bytes, end) = await reading;
        Assert.Equal((File.Length, ReadEnd.Ended), (bytes.Length, end));
    }

    [Fact]
    public async Task AQuitBehindAnUploadWaitsForIt()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.Client.SayAsync("STOR f", "QUIT");
        await client.WriteAsync(File, rig.Hang);
        await client.EndAsync(rig.Hang);
        Assert.Equal("STOR f", await rig.Server.HearAsync());
        var next = rig.Server.HearAsync();
        Assert.Equal(File, (await RelayRig.ReadAllAsync(server, rig.Hang)).Bytes);
        Assert.False(next.IsCompleted);
        await rig.ReplyAsync("226 done");
        Assert.Equal("QUIT", await next);
        await rig.ReplyAsync("221 bye");
        await rig.Server.Duplex.DisposeAsync();
        Assert.Equal("(Ended)", await rig.Client.HearAsync());
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Floods)]
    public async Task ALongStatIsStreamed()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.PassAsync("STAT /");
        await rig.Server.SayAsync("213-begin");
        Assert.Equal("213-begin", await rig.Client.HearAsync());
        for (var i = 0; i < 200; i++)
        {
            // The client hears each piece before the server says the next: nothing waits for the end.
            await rig.Server.SayAsync([.. Enumerable.Range(0, 100).Select(j => $" file {i} {j} 227 (1,2,3,4,5,6)")]);
            for (var j = 0; j < 100; j++)
                Assert.Equal($" file {i} {j} 227 (1,2,3,4,5,6)", await rig.Client.HearAsync());
        }
        await rig.ReplyAsync("213 end");
    }

    [Fact]
    public async Task WhatIsRewrittenIsShown()
    {
        await using var rig = await RelayRig.StartAsync();
        var (_, port) = await rig.EpsvAsync();
        Assert.Matches($@"^229 Extended \(\|\|\|\d+\|\) -> 229 Entering Extended Passive Mode \(\|\|\|{port}\|\)$", Assert.Single(rig.Watcher.Rewritten));
    }
}
