using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Ftp;
using Xunit;

namespace Culvert.Tests.Broker;

/// <summary>Settings of an FTP tunnel that don't fit together are refused before anything is connected.</summary>
public sealed class FtpSettingsTests
{
    private static TunnelConfig Tunnel(TunnelKind kind, string spec) => new(TunnelSpec.Parse(kind, spec));

    [Theory]
    [InlineData(TunnelKind.Local, "ftp/1:localhost:21")]
    [InlineData(TunnelKind.Local, "ftp/1:127.0.0.1:21")]
    [InlineData(TunnelKind.Local, "ftp/1:[::1]:21")]
    [InlineData(TunnelKind.Local, "ftp/1:gate.example:21")] // the SSH server itself
    [InlineData(TunnelKind.Remote, "ftp/1:localhost:21")]
    [InlineData(TunnelKind.Local, "1:third.example:21")] // carries no FTP that we know of
    public void ActiveModeIsForwardedToTheMachineAtTheFarEnd(TunnelKind kind, string spec)
    {
        foreach (var active in new[] { ActiveMode.Forward, ActiveMode.Auto })
            FtpSessions.Check(Tunnel(kind, spec) with { Ftp = new() { Active = active } }, "gate.example");
    }

    [Theory]
    [InlineData(TunnelKind.Local, "ftp/1:third.example:21")]
    [InlineData(TunnelKind.Local, "ftp/1:192.0.2.7:21")]
    [InlineData(TunnelKind.Remote, "ftp/1:gate.example:21")] // seen from here, the SSH server is a third host
    public void ActiveModeIsNotForwardedToAThirdHost(TunnelKind kind, string spec)
    {
        FtpSessions.Check(Tunnel(kind, spec), "gate.example");
        foreach (var active in new[] { ActiveMode.Forward, ActiveMode.Auto })
        {
            var e = Assert.Throws<ConfigException>(() => FtpSessions.Check(Tunnel(kind, spec) with { Ftp = new() { Active = active } }, "gate.example"));
            Assert.Contains("--active", e.Hint, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void DataFromTheReplyNeedsAListOfAddresses()
    {
        var tunnel = Tunnel(TunnelKind.Local, "ftp/1:localhost:21") with { Ftp = new() { DataAddress = DataAddress.Reply } };
        Assert.Throws<ConfigException>(() => FtpSessions.Check(tunnel, "gate.example"));
        FtpSessions.Check(tunnel with { Ftp = tunnel.Ftp with { DataHosts = [System.Net.IPNetwork.Parse("10.0.0.5/32")] } }, "gate.example");
    }
}
