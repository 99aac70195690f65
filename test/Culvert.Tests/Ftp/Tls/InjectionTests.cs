using Culvert.Ftp;
using Culvert.Ftp.Tls;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>Around AUTH, bytes in clear never survive into what is encrypted, on either side, in each mode (CVE-2011-0411, CVE-2011-1575).</summary>
public sealed class InjectionTests
{
    [Theory]
    [InlineData("AUTH TLS\r\nDELE f\r\n")]
    [InlineData("AUTH TLS\r\nDEL")]
    [InlineData("AUTH TLS\r\n\u0001")]
    [Proves(ProofTables.Attacks, Attack.StartTls)]
    public async Task ACommandBehindAuthIsNeverHeard(string said)
    {
        foreach (var networks in new[] { "faithful", "small" })
        {
            await using var rig = await RelayRig.StartAsync(FtpsRig.Options(Ftps.Terminate), networks);
            await rig.Client.Duplex.WriteAsync(System.Text.Encoding.Latin1.GetBytes(said), rig.Hang);
            await using var tls = new TlsClient(TestCertificates.Host, TestCertificates.Trust).Begin().WrapControl(rig.Client.Duplex);
            // What the client would say in private, if it got so far.
            await tls.WriteAsync("E f\r\nNOOP\r\n"u8.ToArray(), rig.Hang);
            Assert.Equal("(Ended)", await rig.Server.HearAsync());
        }
    }

    [Theory]
    [InlineData("234 go\r\n331 and so on\r\n")]
    [InlineData("234 go\r\n331 an")]
    [InlineData("234 go\r\n\u0016")]
    [Proves(ProofTables.Attacks, Attack.StartTls)]
    public async Task AReplyBehindThe234IsNeverHeard(string said)
    {
        foreach (var networks in new[] { "faithful", "small" })
        {
            await using var rig = await RelayRig.StartAsync(FtpsRig.Options(Ftps.Originate), networks);
            await rig.Client.SayAsync("USER me");
            Assert.Equal("AUTH TLS", await rig.Server.HearAsync());
            await rig.Server.Duplex.WriteAsync(System.Text.Encoding.Latin1.GetBytes(said), rig.Hang);
            await using var tls = TestCertificates.AsServer().Wrap(rig.Server.Duplex, data: false);
            await tls.WriteAsync("y\r\n"u8.ToArray(), rig.Hang);
            Assert.StartsWith("421 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.StartTls)]
    public async Task AReplyBeforeTlsIsNoAnswerToACommandAfterIt()
    {
        await using var rig = await RelayRig.StartAsync(FtpsRig.Options(Ftps.Originate));
        await rig.Client.SayAsync("USER me");
        Assert.Equal("AUTH TLS", await rig.Server.HearAsync());
        await rig.Server.SayAsync("331 slipped in", "234 go");
        Assert.StartsWith("421 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        Assert.Equal("(Ended)", await rig.Server.HearAsync());
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.StartTls)]
    public async Task WhenSteppingAsideWhatIsNotTlsGoesNowhere()
    {
        foreach (var client in new[] { true, false })
        {
            await using var rig = await RelayRig.StartAsync(new() { Ftps = Ftps.Opaque, PassivePorts = new(50000, 50001) });
            await rig.PassAsync("AUTH TLS");
            if (client)
                await rig.Client.SayAsync("DELE f"); // before the 234
            await rig.Server.SayAsync("234 go");
            var heard = await rig.Client.HearAsync();
            if (!client)
            {
                await rig.Server.SayAsync("331 slipped in");
                heard = await rig.Client.HearAsync();
                Assert.StartsWith("(", heard, StringComparison.Ordinal);
            }
            Assert.StartsWith("(", await rig.Server.HearAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("AUTH TLS\r\nDELE f\r\n", "")]
    [InlineData("AUTH TLS\r\n", "331 slipped in\r\n")]
    [Proves(ProofTables.Attacks, Attack.StartTls)]
    public async Task WhenSteppingAsideNothingStandsBehindAuthOr234(string said, string behind)
    {
        await using var rig = await RelayRig.StartAsync(new() { Ftps = Ftps.Opaque, PassivePorts = new(50000, 50001) });
        await rig.Client.Duplex.WriteAsync(System.Text.Encoding.Latin1.GetBytes(said), rig.Hang);
        Assert.Equal("AUTH TLS", await rig.Server.HearAsync());
        await rig.Server.Duplex.WriteAsync(System.Text.Encoding.Latin1.GetBytes("234 go\r\n" + behind), rig.Hang);
        Assert.StartsWith("421 ", await rig.Client.HearAsync(), StringComparison.Ordinal);
        Assert.Equal("(Ended)", await rig.Server.HearAsync());
    }
}
