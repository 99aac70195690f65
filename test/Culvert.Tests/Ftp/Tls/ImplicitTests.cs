using System.Security.Cryptography;
using Culvert.Ftp;
using Culvert.Ftp.Tls;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>TLS that begins with the connection, on either side (--ftps-implicit).</summary>
public sealed class ImplicitTests
{
    private static readonly byte[] File = RandomNumberGenerator.GetBytes(3_000);

    public static TheoryData<Ftps, string> Ways => new MatrixTheoryData<Ftps, string>([Ftps.Terminate, Ftps.Originate, Ftps.Both], ["faithful", "lossy", "small"]);

    // The client says nothing of PBSZ and PROT.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task TlsComesBeforeTheGreetingAndDataIsEncryptedUnasked(Ftps ftps, string networks)
    {
        await using var ftp = await FtpsRig.StartImplicitAsync(ftps, networks);
        var rig = ftp.Rig;
        var (client, server) = await ftp.StandingAsync();
        await rig.PassAsync("RETR f");
        var reading = RelayRig.ReadAllAsync(client, rig.Hang);
        await server.WriteAsync(File, rig.Hang);
        await server.EndAsync(rig.Hang);
        await rig.ReplyAsync("226 done");
        var (bytes, end) = await reading;
        Assert.Equal(File, bytes);
        Assert.Equal(ReadEnd.Ended, end);
    }

    [Fact]
    public async Task AuthIsRefusedOnAConnectionThatHasTls()
    {
        await using var ftp = await FtpsRig.StartImplicitAsync(Ftps.Terminate);
        await ftp.AskAsync("AUTH TLS", "503 ");
        await ftp.AskAsync("PBSZ 0", "200 ");
        await ftp.AskAsync("PROT P", "200 ");
    }

    // What it says in clear isn't obeyed, and nothing that it could read is said to it.
    [Fact]
    public async Task AClientThatSpeaksInClearIsNotServed()
    {
        await using var rig = await RelayRig.StartAsync(FtpsRig.Options(Ftps.Terminate) with { ImplicitTls = true }, greets: false);
        await rig.Client.SayAsync("USER me");
        await rig.Server.SayAsync("220 ready");
        Assert.Equal("(Ended)", await rig.Server.HearAsync());
        Assert.DoesNotContain("220", await rig.Client.HearAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerThatGreetsInClearIsNotBelieved()
    {
        await using var rig = await RelayRig.StartAsync(FtpsRig.Options(Ftps.Originate) with { ImplicitTls = true }, greets: false);
        await rig.Server.SayAsync("220 ready");
        await rig.Client.SayAsync("USER me", "PASS secret");
        Assert.StartsWith("421 No TLS with the FTP server", await rig.Client.HearAsync(), StringComparison.Ordinal);
        var (heard, _) = await RelayRig.ReadAllAsync(rig.Server.Duplex, rig.Hang);
        Assert.DoesNotContain("secret", System.Text.Encoding.Latin1.GetString(heard), StringComparison.Ordinal);
    }

    // The client is told in TLS why there is no server.
    [Fact]
    public async Task AServerThatCantBeReachedIsToldInTls()
    {
        await using var rig = await RelayRig.StartAsync(FtpsRig.Options(Ftps.Both) with { ImplicitTls = true },
            prepare: r => r.Far.RefuseConnect = (_, _) => new Failure(FailureKind.Refused, "Connection refused"), greets: false);
        using var session = new TlsClient(TestCertificates.Host, TestCertificates.Trust).Begin();
        await using var tls = session.WrapControl(rig.Client.Duplex);
        var (heard, _) = await RelayRig.ReadAllAsync(tls, rig.Hang);
        Assert.StartsWith("421 No connection to the FTP server: Connection refused", System.Text.Encoding.Latin1.GetString(heard), StringComparison.Ordinal);
    }
}
