using System.Security.Cryptography;
using Culvert.Ftp;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>Files through a relay that speaks TLS to one side or both.</summary>
public sealed class RelayFtpsTests
{
    private static readonly byte[] File = RandomNumberGenerator.GetBytes(50_000);

    public static TheoryData<Ftps, string, bool, string> Combinations()
    {
        var data = new TheoryData<Ftps, string, bool, string>();
        foreach (var ftps in new[] { Ftps.Terminate, Ftps.Originate, Ftps.Both })
        {
            foreach (var mode in new[] { "PASV", "EPSV", "PORT", "EPRT" })
            {
                foreach (var networks in new[] { "faithful", "lossy" })
                {
                    data.Add(ftps, mode, true, networks);
                    data.Add(ftps, mode, false, networks);
                }
            }
            data.Add(ftps, "EPSV", true, "small");
            data.Add(ftps, "EPSV", false, "small");
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task AFileArrivesWhole(Ftps ftps, string mode, bool upload, string networks)
    {
        await using var ftp = await FtpsRig.StartAsync(ftps, networks);
        var rig = ftp.Rig;
        for (var round = 0; round < 2; round++)
        {
            var (client, server) = await SetUpAsync(ftp, mode, upload ? "STOR f" : "RETR f");
            await rig.ReplyAsync("150 go");
            // Many clients begin TLS on the data connection only now.
            (client, server) = (ftp.ClientData(client), ftp.ServerData(server));
            var (from, to) = upload ? (client, server) : (server, client);
            var reading = RelayRig.ReadAllAsync(to, rig.Hang);
            Assert.Equal(WriteEnd.None, await from.WriteAsync(File, rig.Hang));
            await from.EndAsync(rig.Hang);
            if (upload)
            {
                var (bytes, end) = await reading;
                Assert.Equal(File, bytes);
                Assert.Equal(ReadEnd.Ended, end);
                await server.EndAsync(rig.Hang);
                await rig.ReplyAsync("226 done");
            }
            else
            {
                // vsftpd says 226 only when the client's close_notify has come, which is the relay's.
                Assert.Equal(ReadEnd.Ended, (await rig.PassTimeUntilAsync(RelayRig.ReadAllAsync(server, rig.Hang), TimeSpan.FromMilliseconds(5))).End);
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
    }

    private static async Task<(Duplex Client, Duplex Server)> SetUpAsync(FtpsRig ftp, string command, string verb)
    {
        var rig = ftp.Rig;
        var there = await rig.ListenAsync(rig.Far);
        if (command is "PORT" or "EPRT")
        {
            var here = await rig.ListenAsync(rig.Near);
            var port = here.LocalEndpoint.Port;
            await rig.Client.SayAsync(command == "PORT" ? $"PORT 127,0,0,1,{port >> 8},{port & 255}" : $"EPRT |1|127.0.0.1|{port}|");
            Assert.Equal("EPSV", await rig.Server.HearAsync());
            await rig.ReplyFrom229Async(there);
            await rig.PassAsync(verb);
            return (await rig.AcceptAsync(here), await rig.AcceptAsync(there));
        }
        await rig.Client.SayAsync(command);
        Assert.Equal(command, await rig.Server.HearAsync());
        var at = there.LocalEndpoint.Port;
        await rig.Server.SayAsync(command == "PASV" ? $"227 ok (10,9,8,7,{at >> 8},{at & 255})" : $"229 ok (|||{at}|)");
        var client = await rig.ConnectAsync(rig.Near, RelayRig.PortIn(await rig.Client.HearAsync()));
        await rig.PassAsync(verb);
        return (client, await rig.AcceptAsync(there));
    }

    [Theory]
    [InlineData("faithful")]
    [InlineData("lossy")]
    public async Task ADownloadWithoutTheServersCloseNotifyIsCut(string networks)
    {
        await using var ftp = await FtpsRig.StartAsync(Ftps.Both, networks);
        var rig = ftp.Rig;
        var (listener, port) = await rig.EpsvAsync();
        var client = ftp.ClientData(await rig.ConnectAsync(rig.Near, port));
        var raw = await rig.AcceptAsync(listener);
        var server = ftp.ServerData(raw);
        await rig.PassAsync("RETR f");
        await rig.ReplyAsync("150 go");
        await server.WriteAsync(File.AsMemory(0, 1000), rig.Hang);
        // Somebody on the way ends the connection, and lets the server's 226 pass.
        await raw.EndAsync(rig.Hang);
        await rig.Server.SayAsync("226 done");
        Assert.StartsWith("426 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        Assert.NotEqual(ReadEnd.Ended, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
        Assert.Equal(TransferResult.Failed, Assert.Single(rig.Watcher.Done).Result);
    }

    [Theory]
    [InlineData("faithful")]
    [InlineData("lossy")]
    public async Task AnUploadWithoutTheClientsCloseNotifyIsCut(string networks)
    {
        await using var ftp = await FtpsRig.StartAsync(Ftps.Both, networks);
        var rig = ftp.Rig;
        var (listener, port) = await rig.EpsvAsync();
        var raw = await rig.ConnectAsync(rig.Near, port);
        var client = ftp.ClientData(raw);
        var server = ftp.ServerData(await rig.AcceptAsync(listener));
        await rig.PassAsync("STOR f");
        await rig.ReplyAsync("150 go");
        await client.WriteAsync(File.AsMemory(0, 1000), rig.Hang);
        await raw.EndAsync(rig.Hang);
        Assert.NotEqual(ReadEnd.Ended, (await RelayRig.ReadAllAsync(server, rig.Hang)).End);
        await rig.Server.SayAsync("226 done");
        Assert.StartsWith("426 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
    }

    // pyftpdlib 1.5.7 breaks off a handshake that comes before the command.
    [Theory]
    [InlineData("RETR f")]
    [InlineData("STOR f")]
    public async Task TheServerHearsTheCommandBeforeItsDataConnectionIsEncrypted(string verb)
    {
        await using var ftp = await FtpsRig.StartAsync(Ftps.Originate);
        var rig = ftp.Rig;
        var (_, server) = await rig.StandingAsync();
        var first = new byte[1];
        var reading = server.ReadAsync(first, rig.Hang).AsTask();
        await rig.RestAsync();
        Assert.False(reading.IsCompleted);
        await rig.PassAsync(verb);
        Assert.Equal(ReadEnd.None, (await reading).End);
        Assert.Equal(0x16, first[0]); // a TLS record with a handshake
    }

    [Fact]
    public async Task ADownloadsCloseNotifyWaitsForTheVerdict()
    {
        await using var ftp = await FtpsRig.StartAsync(Ftps.Both);
        var rig = ftp.Rig;
        var (client, server) = await ftp.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(File.AsMemory(0, 1000), rig.Hang);
        await server.EndAsync(rig.Hang);
        Assert.Equal(ReadEnd.Ended, (await server.ReadAsync(new byte[1], rig.Hang)).End);
        await rig.Server.SayAsync("451 the disk broke");
        Assert.StartsWith("451 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        Assert.NotEqual(ReadEnd.Ended, (await RelayRig.ReadAllAsync(client, rig.Hang)).End);
    }

    [Fact]
    public async Task AnEmptyFileEndsInOrderThoughTheClientsHandshakeComesAfterTheVerdict()
    {
        await using var ftp = await FtpsRig.StartAsync(Ftps.Terminate);
        var rig = ftp.Rig;
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR empty");
        await rig.ReplyAsync("150 go");
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        var (bytes, end) = await RelayRig.ReadAllAsync(ftp.ClientData(client), rig.Hang);
        Assert.Empty(bytes);
        Assert.Equal(ReadEnd.Ended, end);
    }

    [Fact]
    public async Task ProtCKeepsTheClientsDataClear()
    {
        await using var ftp = await FtpsRig.StartAsync(Ftps.Terminate);
        var rig = ftp.Rig;
        await ftp.AskAsync("PROT C", "200 ");
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(File, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        Assert.Equal(File, (await RelayRig.ReadAllAsync(client, rig.Hang)).Bytes);
    }

    [Fact]
    public async Task AClientWithoutTlsGoesOnInClear()
    {
        await using var rig = await RelayRig.StartAsync(FtpsRig.Options(Ftps.Terminate));
        var (client, server) = await rig.StandingAsync();
        await rig.PassAsync("RETR f");
        await server.WriteAsync(File, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        Assert.Equal(File, (await RelayRig.ReadAllAsync(client, rig.Hang)).Bytes);
    }

    [Fact]
    public async Task AStrangersDataConnectionIsRefusedBeforeTlsBegins()
    {
        await using var ftp = await FtpsRig.StartAsync(Ftps.Terminate);
        var rig = ftp.Rig;
        var (_, port) = await rig.EpsvAsync();
        rig.Near.Owner = new("1001");
        var thief = await rig.ConnectAsync(rig.Near, port);
        Assert.Equal(ReadEnd.Reset, (await thief.ReadAsync(new byte[1], rig.Hang)).End);
    }

    [Fact]
    public async Task AServerWithTheWrongCertificateHearsNoPassword()
    {
        var options = FtpsRig.Options(Ftps.Originate) with { ServerTls = new("other.example", TestCertificates.Trust) };
        await using var rig = await RelayRig.StartAsync(options);
        await rig.Client.SayAsync("USER me", "PASS secret");
        Assert.Equal("AUTH TLS", await rig.Server.HearAsync());
        await rig.Server.SayAsync("234 go");
        await using var tls = TestCertificates.AsServer().Wrap(rig.Server.Duplex, data: false);
        var heard = await rig.Client.HearAsync();
        Assert.StartsWith("421 ", heard, StringComparison.Ordinal);
        Assert.Contains("other.example", heard, StringComparison.Ordinal);
        Assert.Empty((await RelayRig.ReadAllAsync(tls, rig.Hang)).Bytes);
    }

    [Fact]
    public async Task AHandshakeThatDoesNotComeEndsTheSession()
    {
        await using var rig = await RelayRig.StartAsync(FtpsRig.Options(Ftps.Terminate));
        await rig.Client.SayAsync("AUTH TLS");
        Assert.StartsWith("234 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        Assert.True(await rig.PassTimeUntilAsync(rig.HasEndedAsync(), TimeSpan.FromSeconds(1)));
    }
}
