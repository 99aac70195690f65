using Culvert.Ftp;
using Culvert.Ftp.Tls;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>A relay session in which the client, the server or both speak TLS with the relay.</summary>
internal sealed class FtpsRig : IAsyncDisposable
{
    private readonly Ftps _ftps;
    private readonly List<TlsDuplex> _owned = [];
    private readonly TlsClientSession _client = new TlsClient(TestCertificates.Host, TestCertificates.Trust).Begin();
    private readonly TlsServer _server = TestCertificates.AsServer();

    private FtpsRig(RelayRig rig, Ftps ftps) => (Rig, _ftps) = (rig, ftps);

    public RelayRig Rig { get; }

    public bool ClientSpeaksTls => _ftps is Ftps.Terminate or Ftps.Both;

    public bool ServerSpeaksTls => _ftps is Ftps.Originate or Ftps.Both;

    public static FtpRelayOptions Options(Ftps ftps) => new()
    {
        Ftps = ftps,
        ClientTls = TestCertificates.AsServer(),
        ServerTls = new(TestCertificates.Host, TestCertificates.Trust),
    };

    /// <summary>Up to the moment when both sides are as safe as they will be.</summary>
    public static async Task<FtpsRig> StartAsync(Ftps ftps, string networks = "faithful", Func<FtpRelayOptions, FtpRelayOptions>? change = null)
    {
        var options = Options(ftps);
        var rig = new FtpsRig(await RelayRig.StartAsync(change?.Invoke(options) ?? options, networks), ftps);
        if (rig.ServerSpeaksTls)
            await rig.SecureServerAsync();
        if (rig.ClientSpeaksTls)
            await rig.SecureClientAsync();
        return rig;
    }

    /// <summary>TLS before anything is said, on each side that has it.</summary>
    public static async Task<FtpsRig> StartImplicitAsync(Ftps ftps, string networks = "faithful")
    {
        var rig = new FtpsRig(await RelayRig.StartAsync(Options(ftps) with { ImplicitTls = true }, networks, greets: false), ftps);
        if (rig.ClientSpeaksTls)
            await rig.EncryptClientAsync();
        if (rig.ServerSpeaksTls)
            await rig.EncryptServerAsync();
        await rig.Rig.Server.SayAsync("220 ready");
        if (rig.ServerSpeaksTls)
        {
            Assert.Equal("PBSZ 0", await rig.Rig.Server.HearAsync());
            Assert.Equal("PROT P", await rig.Rig.Server.HearAsync());
            await rig.Rig.Server.SayAsync("200 PBSZ=0", "200 private");
        }
        Assert.Equal("220 ready", await rig.Rig.Client.HearAsync());
        return rig;
    }

    public async Task SecureServerAsync()
    {
        Assert.Equal("AUTH TLS", await Rig.Server.HearAsync());
        await Rig.Server.SayAsync("234 go");
        await EncryptServerAsync();
        Assert.Equal("PBSZ 0", await Rig.Server.HearAsync());
        Assert.Equal("PROT P", await Rig.Server.HearAsync());
        await Rig.Server.SayAsync("200 PBSZ=0", "200 private");
    }

    public async Task EncryptServerAsync()
    {
        var tls = Own(_server.Wrap(Rig.Server.Duplex, data: false));
        Rig.Server = new(tls, Speaker.Client, Rig.Hang);
        Assert.Null(await tls.Handshake.WaitAsync(Rig.Hang));
    }

    public async Task SecureClientAsync(string protection = "P")
    {
        await AskAsync("AUTH TLS", "234 ");
        await EncryptClientAsync();
        await AskAsync("PBSZ 0", "200 ");
        await AskAsync($"PROT {protection}", "200 ");
    }

    public async Task EncryptClientAsync()
    {
        var tls = Own(_client.WrapControl(Rig.Client.Duplex));
        Rig.Client = new(tls, Speaker.Server, Rig.Hang);
        Assert.Null(await tls.Handshake.WaitAsync(Rig.Hang));
    }

    /// <summary>A command that the relay answers itself.</summary>
    public async Task AskAsync(string command, string answer)
    {
        await Rig.Client.SayAsync(command);
        Assert.StartsWith(answer, await Rig.Client.HearAsync(), StringComparison.Ordinal);
    }

    /// <summary>The client's end of a data connection, as it is after its handshake has begun.</summary>
    public Duplex ClientData(Duplex raw) => ClientSpeaksTls ? Own(_client.WrapData(raw)) : raw;

    /// <summary>The server's end.</summary>
    public Duplex ServerData(Duplex raw) => ServerSpeaksTls ? Own(_server.Wrap(raw, data: true)) : raw;

    /// <summary>EPSV, and both data sockets, encrypted as they should be.</summary>
    public async Task<(Duplex Client, Duplex Server)> StandingAsync()
    {
        var (client, server) = await Rig.StandingAsync();
        return (ClientData(client), ServerData(server));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _owned)
            await one.DisposeAsync();
        _client.Dispose();
        await Rig.DisposeAsync();
    }

    private TlsDuplex Own(TlsDuplex tls)
    {
        _owned.Add(tls);
        return tls;
    }
}
