using Culvert.Ftp;
using Culvert.Net;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp;

/// <summary>What was cut looks cut, what is refused is told, and what isn't the client's doesn't get in.</summary>
public sealed class RelayIntegrityTests
{
    private static readonly byte[] Part = new byte[3000];
    private static readonly Failure Prohibited = new(FailureKind.Prohibited, "administratively prohibited");

    // Lossy near: our reset can't be shown there as such; what can be shown is that the reply says failure.
    [Theory]
    [InlineData("faithful")]
    [InlineData("lossy")]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public async Task AnUploadThatTheClientResetsIsNoSuccess(string networks)
    {
        await using var rig = await RelayRig.StartAsync(networks: networks);
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("STOR f");
        await client.WriteAsync(Part, rig.Hang);
        client.Abort();
        var (_, end) = await RelayRig.ReadAllAsync(server, rig.Hang);
        if (networks == "lossy")
        {
            // The near network calls it an end: nobody can know better, and the file is what came.
            Assert.Equal(ReadEnd.Ended, end);
            return;
        }
        Assert.Equal(ReadEnd.Reset, end);
        await rig.Server.SayAsync("226 done");
        Assert.StartsWith("426 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        Assert.Equal(TransferResult.Failed, Assert.Single(rig.Watcher.Done).Result);
    }

    [Theory]
    [InlineData("faithful")]
    [InlineData("lossy")]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public async Task ADownloadThatTheServerCutsIsCutForTheClient(string networks)
    {
        await using var rig = await RelayRig.StartAsync(networks: "faithful", prepare: null);
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await rig.ReplyAsync("150 go");
        await server.WriteAsync(Part, rig.Hang);
        var reading = RelayRig.ReadAllAsync(client, rig.Hang);
        if (networks == "lossy")
            await server.EndAsync(rig.Hang); // how a reset arrives through SSH
        else
            server.Abort();
        await rig.Server.SayAsync("426 cut");
        Assert.Equal("426 cut", await rig.Client.HearAsync());
        Assert.Equal(ReadEnd.Reset, (await reading).End);
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    [Proves(ProofTables.Attacks, Attack.Downgrade)]
    public async Task ALostNetworkCutsTheDataAndIsToldOnTheControlConnection()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        rig.Far.Lose();
        Assert.Equal(ReadEnd.Reset, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
        Assert.Equal("421 The connection to the FTP server was lost.", await rig.Client.HearAsync());
        Assert.Equal("(Ended)", await rig.Client.HearAsync());
        await rig.Client.Duplex.DisposeAsync();
        await rig.Ended.WaitAsync(rig.Hang);
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public async Task TheServersControlConnectionLostBeforeTheVerdictCutsADownload()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.Server.Duplex.EndAsync(rig.Hang);
        Assert.Equal(ReadEnd.Reset, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
    }

    [Fact]
    public async Task ATruncatedLastLineIsNoReply()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.EndAsync(rig.Hang);
        await rig.Server.Duplex.WriteAsync("226 Transf"u8.ToArray(), rig.Hang);
        await rig.Server.Duplex.EndAsync(rig.Hang);
        Assert.Equal(ReadEnd.Reset, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
        Assert.StartsWith("421 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFullDiskStopsTheClientAtOnce()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("STOR f");
        await client.WriteAsync(Part, rig.Hang);
        server.Abort();
        Assert.Equal(ReadEnd.Reset, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
        await rig.ReplyAsync("452 disk full");
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Downgrade)]
    public async Task ARefusedControlChannelIs421()
    {
        await using var rig = await RelayRig.StartAsync(new() { Explain = f => f.Text + " (AllowTcpForwarding?)" }, prepare: r => r.Far.RefuseConnect = (_, _) => Prohibited);
        Assert.Equal("421 No connection to the FTP server: administratively prohibited (AllowTcpForwarding?).", await rig.Client.HearAsync());
        Assert.Equal("(Ended)", await rig.Client.HearAsync());
    }

    [Theory]
    [InlineData("faithful")]
    [InlineData("lossy")]
    [Proves(ProofTables.Attacks, Attack.Downgrade)]
    public async Task ARefusedDataChannelIs425AndTheServerHearsNothing(string networks)
    {
        await using var rig = await RelayRig.StartAsync(networks: networks);
        rig.Far.RefuseConnect = (to, _) => to.Port == 21 ? null : Prohibited;
        await rig.Client.SayAsync("EPSV");
        Assert.Equal("EPSV", await rig.Server.HearAsync());
        await rig.Server.SayAsync("229 Extended (|||5000|)");
        var reply = await rig.Client.HearAsync();
        if (reply.StartsWith("229", StringComparison.Ordinal)) // the refusal came after the listener stood
        {
            var client = await rig.ConnectAsync(rig.Near, RelayRig.PortIn(reply));
            await rig.Client.SayAsync("STOR f");
            reply = await rig.Client.HearAsync();
            Assert.NotEqual(ReadEnd.None, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
        }
        Assert.Equal("425 Can't open data connection: administratively prohibited.", reply);
        await rig.PassAsync("PWD");
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.SlowPeers)]
    public async Task AClientThatNeverConnectsIsTold()
    {
        await using var rig = await RelayRig.StartAsync();
        var (listener, _) = await rig.EpsvAsync();
        await rig.PassAsync("RETR f");
        var server = await rig.AcceptAsync(listener);
        Assert.Equal("ABOR", await rig.PassTimeUntilAsync(rig.Server.HearAsync(), TimeSpan.FromSeconds(1)));
        Assert.NotEqual(ReadEnd.None, (await RelayRig.ReadAllAsync(server, rig.Hang)).End);
        await rig.Server.SayAsync("426 cut", "226 aborted");
        Assert.Equal("425 Can't open data connection: no connection came within 60 seconds.", await rig.Client.HearAsync());
        await rig.PassAsync("PWD");
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.ClientPortTheft)]
    public async Task AStrangerIsResetAndTheListenerStays()
    {
        await using var rig = await RelayRig.StartAsync();
        var (listener, port) = await rig.EpsvAsync();
        rig.Near.Owner = new("4711");
        var thief = await rig.ConnectAsync(rig.Near, port);
        Assert.Equal(ReadEnd.Reset, (await RelayRig.ReadAllAsync(thief, rig.Hang)).End);
        rig.Near.Owner = null; // could not be told
        var nobody = await rig.ConnectAsync(rig.Near, port);
        Assert.Equal(ReadEnd.Reset, (await RelayRig.ReadAllAsync(nobody, rig.Hang)).End);
        rig.Near.Owner = new("1000");
        var client = await rig.ConnectAsync(rig.Near, port);
        await rig.PassAsync("RETR f");
        var server = await rig.AcceptAsync(listener);
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        Assert.Equal(Part, (await RelayRig.ReadAllAsync(client, rig.Hang)).Bytes);
        Assert.Equal(0, rig.Near.Listeners); // one accept
    }

    // sshd with GatewayPorts yes opens the port on every address, whatever was asked for.
    [Fact]
    [Proves(ProofTables.Attacks, Attack.ServerPortTheft)]
    public async Task OnlyTheFarMachineItselfReachesAForwardedPort()
    {
        await using var rig = await RelayRig.StartAsync(new() { Active = ActiveMode.Forward }, networks: "lossy");
        var client = await rig.ListenAsync(rig.Near);
        await rig.Client.SayAsync($"EPRT |1|127.0.0.1|{client.LocalEndpoint.Port}|");
        var port = RelayRig.PortInCommand(await rig.Server.HearAsync());
        await rig.ReplyAsync("200 EPRT command successful.");
        var stranger = await rig.ConnectAsync(rig.Far, port, from: "192.0.2.66");
        Assert.NotEqual(ReadEnd.None, (await RelayRig.ReadAllAsync(stranger, rig.Hang)).End);
        var server = await rig.ConnectAsync(rig.Far, port);
        await rig.PassAsync("RETR f");
        var data = await rig.AcceptAsync(client);
        await server.WriteAsync(Part, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        Assert.Equal(Part, (await RelayRig.ReadAllAsync(data, rig.Hang)).Bytes);
    }

    // Over a long way each transfer saves the round trip that opening a port takes.
    [Fact]
    public async Task TheNextForwardedPortIsOpenBeforeTheClientAsksForIt()
    {
        await using var rig = await RelayRig.StartAsync(new() { Active = ActiveMode.Forward }, "over a way");
        var client = await rig.ListenAsync(rig.Near);
        for (var round = 0; round < 2; round++)
        {
            await rig.Client.SayAsync($"EPRT |1|127.0.0.1|{client.LocalEndpoint.Port}|");
            var server = await rig.ConnectAsync(rig.Far, RelayRig.PortInCommand(await rig.Server.HearAsync()));
            await rig.ReplyAsync("200 EPRT command successful.");
            await rig.PassAsync("RETR f");
            var data = await rig.AcceptAsync(client);
            await server.EndAsync(rig.Hang);
            await rig.ReplyAsync("226 done");
            Assert.Equal(ReadEnd.Ended, (await RelayRig.ReadAllAsync(data, rig.Hang)).End);
            while (round == 0 && rig.Far.Listeners == 0)
                await Task.Yield();
            rig.Far.RefuseListen = _ => new Failure(FailureKind.Prohibited, "no more");
        }
    }

    // The same in passive mode where the client is at the server's side (-R).
    [Fact]
    public async Task TheNextPassivePortOverAWayIsOpenBeforeTheClientAsksForIt()
    {
        await using var rig = await RelayRig.StartAsync(networks: "over a way");
        for (var round = 0; round < 2; round++)
        {
            var (client, server) = await rig.StandingAsync();
            await rig.PassAsync("RETR f");
            await server.EndAsync(rig.Hang);
            await rig.ReplyAsync("226 done");
            Assert.Equal(ReadEnd.Ended, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
            await client.EndAsync(rig.Hang);
            while (round == 0 && rig.Near.Listeners == 0)
                await Task.Yield();
            rig.Near.RefuseListen = _ => new Failure(FailureKind.Prohibited, "no more");
        }
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.ClientPortTheft)]
    [Proves(ProofTables.Attacks, Attack.Bounce)]
    public async Task ADialToAnotherUsersPortIsRefusedAndTheServerHearsNothing()
    {
        await using var rig = await RelayRig.StartAsync();
        rig.Near.ListenerOwner = new("4711");
        var victim = await rig.ListenAsync(rig.Near);
        var server = await rig.ListenAsync(rig.Far);
        await rig.Client.SayAsync($"EPRT |1|127.0.0.1|{victim.LocalEndpoint.Port}|");
        Assert.Equal("EPSV", await rig.Server.HearAsync());
        await rig.ReplyFrom229Async(server);
        await rig.Client.SayAsync("STOR f");
        Assert.StartsWith("425 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        await rig.PassAsync("PWD");
    }

    // Its replies stand in the way of everything else that is to be done for it.
    [Fact]
    public async Task ATransferOfAClientThatReadsNothingMoreIsReportedAllTheSame()
    {
        await using var rig = await RelayRig.StartAsync();
        var (_, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        await rig.PassAsync("STAT");
        var flood = rig.FloodAsync(rig.Server, "213-a line that nobody reads");
        await rig.RestAsync();
        await rig.StopAsync();
        await rig.PassTimeUntilAsync(rig.HasEndedAsync(), TimeSpan.FromSeconds(1));
        Assert.Equal(TransferResult.Failed, Assert.Single(rig.Watcher.Done).Result);
        await flood;
    }

    [Fact]
    public async Task AtShutdownATransferGetsItsGraceAndIsThenCut()
    {
        await using var rig = await RelayRig.StartAsync();
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(Part, rig.Hang);
        await rig.StopAsync();
        // In small steps: soon after the grace the last words have their own limit.
        Assert.StartsWith("421 ", await rig.PassTimeUntilAsync(rig.Client.HearAsync(), TimeSpan.FromMilliseconds(50)), StringComparison.Ordinal);
        Assert.Equal(ReadEnd.Reset, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
    }

    [Fact]
    public async Task AtShutdownAnIdleSessionIsTold()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.StopAsync();
        Assert.Equal("421 Culvert is shutting down.", await rig.Client.HearAsync());
        Assert.Equal("(Ended)", await rig.Client.HearAsync());
        Assert.Equal("(Ended)", await rig.Server.HearAsync());
    }

    [Fact]
    public async Task ASessionEndsAlthoughTheClientKeepsItsSideOpen()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.Server.Duplex.EndAsync(rig.Hang);
        Assert.StartsWith("421 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        await rig.PassTimeUntilAsync(EndedAsync(), TimeSpan.FromSeconds(1));

        async Task<bool> EndedAsync()
        {
            await rig.Ended;
            return true;
        }
    }

    [Fact]
    public async Task AServerThatStaysAfterItsClientHasGoneIsLeft()
    {
        await using var rig = await RelayRig.StartAsync();
        await rig.Client.Duplex.EndAsync(rig.Hang);
        Assert.Equal("(Ended)", await rig.Server.HearAsync());
        await rig.PassTimeUntilAsync(EndedAsync(), TimeSpan.FromSeconds(1));

        async Task<bool> EndedAsync()
        {
            await rig.Ended;
            return true;
        }
    }
}
