using System.Security.Cryptography;
using Culvert.Ftp;
using Culvert.Ftp.Tls;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>Client and server speak TLS with each other; data goes through the server's own ports.</summary>
public sealed class OpaqueTests
{
    private static readonly FtpRelayOptions Options = new() { Ftps = Ftps.Opaque, PassivePorts = new(50000, 50003) };

    private static async Task<(TlsClientSession Session, TlsDuplex Client, TlsDuplex Server)> BeginAsync(RelayRig rig)
    {
        await rig.PassAsync("AUTH TLS");
        await rig.ReplyAsync("234 go");
        var session = new TlsClient(TestCertificates.Host, TestCertificates.Trust).Begin();
        var client = session.WrapControl(rig.Client.Duplex);
        var server = TestCertificates.AsServer().Wrap(rig.Server.Duplex, data: false);
        rig.Client = new(client, Speaker.Server, rig.Hang);
        rig.Server = new(server, Speaker.Client, rig.Hang);
        Assert.Null(await client.Handshake.WaitAsync(rig.Hang));
        return (session, client, server);
    }

    [Theory]
    [InlineData("faithful")]
    [InlineData("small")]
    public async Task TheDialogueIsTheirsAndDataGoesThroughTheSamePort(string networks)
    {
        await using var rig = await RelayRig.StartAsync(Options, networks);
        var (session, client, server) = await BeginAsync(rig);
        using var ended = session;
        await rig.PassAsync("PASV");
        await rig.ReplyAsync("227 Entering Passive Mode (127,0,0,1,195,82)."); // 50002, as the server has it
        await using var listener = await rig.Far.ListenAsync(new("127.0.0.1", 50002), ListenOptions.Default, rig.Hang);
        Assert.Equal(4, rig.Near.Listeners);
        var near = await rig.ConnectAsync(rig.Near, 50002);
        var far = await rig.AcceptAsync(listener);
        await using var clientData = session.WrapData(near);
        await using var serverData = TestCertificates.AsServer().Wrap(far, data: true);
        var file = RandomNumberGenerator.GetBytes(3000);
        var reading = RelayRig.ReadAllAsync(clientData, rig.Hang);
        await serverData.WriteAsync(file, rig.Hang);
        await serverData.EndAsync(rig.Hang);
        var (bytes, end) = await reading;
        Assert.Equal(file, bytes);
        Assert.Equal(ReadEnd.Ended, end);
        await clientData.EndAsync(rig.Hang);

        await client.EndAsync(rig.Hang);
        Assert.Equal("(Ended)", await rig.Server.HearAsync());
        await server.EndAsync(rig.Hang);
        await rig.Ended.WaitAsync(rig.Hang);
        Assert.Equal(0, rig.Near.Listeners);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    // Who stops Culvert is told that something was cut, although nobody knows what.
    [Fact]
    public async Task DataThatAStopCutsIsCounted()
    {
        await using var rig = await RelayRig.StartAsync(Options);
        var (session, client, server) = await BeginAsync(rig);
        using var ended = session;
        await using var listener = await rig.Far.ListenAsync(new("127.0.0.1", 50001), ListenOptions.Default, rig.Hang);
        var near = await rig.ConnectAsync(rig.Near, 50001);
        var far = await rig.AcceptAsync(listener);
        await far.WriteAsync("half a file"u8.ToArray(), rig.Hang);
        Assert.Equal(11, (await near.ReadAsync(new byte[11], rig.Hang)).Bytes.Length);
        await rig.StopAsync();
        await rig.PassTimeUntilAsync(rig.HasEndedAsync(), TimeSpan.FromSeconds(1));
        Assert.Equal(ReadEnd.Reset, (await near.ReadAsync(new byte[1], rig.Hang)).End);
        Assert.Equal(1, rig.Watcher.UnseenCuts);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task StrangersCannotEnterAndSessionsShareThePorts()
    {
        await using var rig = await RelayRig.StartAsync(Options);
        var (session, client, server) = await BeginAsync(rig);
        using var ended = session;
        rig.Near.Owner = new("1001");
        var thief = await rig.ConnectAsync(rig.Near, 50000);
        Assert.Equal(ReadEnd.Reset, (await thief.ReadAsync(new byte[1], rig.Hang)).End);
        Assert.DoesNotContain(rig.Far.Dialled, to => to.Port == 50000);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task APortThatIsTakenEndsTheSessionInClear()
    {
        await using var rig = await RelayRig.StartAsync(Options);
        await using var other = await rig.Near.ListenAsync(new("127.0.0.1", 50001), ListenOptions.Default, rig.Hang);
        await rig.PassAsync("AUTH TLS");
        await rig.Server.SayAsync("234 go");
        var heard = await rig.Client.HearAsync();
        Assert.StartsWith("421 ", heard, StringComparison.Ordinal);
        Assert.Contains("50001", heard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerWithoutTlsLeavesTheSessionAsItWas()
    {
        await using var rig = await RelayRig.StartAsync(Options);
        await rig.PassAsync("AUTH TLS");
        await rig.ReplyAsync("502 what?");
        await rig.PassAsync("NOOP");
        await rig.ReplyAsync("200 ok");
        var (client, server) = await rig.StandingAsync();
        Assert.NotNull(client);
        Assert.NotNull(server);
    }
}
