using System.Net;
using Culvert.Ftp;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Ftp;

public sealed class FtpPolicyTests
{
    private static readonly FtpRelayOptions Defaults = new();

    private static Peer Local(string host = "127.0.0.1", string? owner = "1000") =>
        new(new(host, 50000), AddressKnowledge.Observed, owner is null ? null : new UserId(owner), new(host, 1234));

    private static Peer Remote(string host, AddressKnowledge knowledge = AddressKnowledge.Observed) => new(new(host, 50000), knowledge, null, new("10.0.0.1", 1234));

    [Theory]
    [InlineData("127.0.0.1", 1024, "127.0.0.1", 0)]
    [InlineData("127.0.0.1", 1024, "::1", 0)] // both are this machine
    [InlineData("127.0.0.1", 1023, "127.0.0.1", 504)]
    [InlineData("10.0.0.9", 2000, "127.0.0.1", 500)]
    [InlineData("10.0.0.9", 2000, "10.0.0.9", 0)]
    [InlineData("127.0.0.1", 2000, "10.0.0.9", 500)]
    [InlineData("0.0.0.0", 2000, "127.0.0.1", 500)]
    [InlineData("224.0.0.1", 2000, "224.0.0.1", 500)]
    [InlineData("255.255.255.255", 2000, "255.255.255.255", 500)]
    [InlineData("ff02::1", 2000, "ff02::1", 500)]
    public void APortAddressIsTheClientsOwn(string address, int port, string client, int code)
    {
        var refusal = FtpPolicy.RefuseActive(new IPEndPoint(IPAddress.Parse(address), port), Remote(client), Defaults);
        Assert.Equal(code == 0 ? null : code.ToString(), refusal?.ToString()[..3]);
    }

    [Fact]
    public void APortAddressIsRefusedWhenTheClientIsUnknown() =>
        Assert.NotNull(FtpPolicy.RefuseActive(new IPEndPoint(IPAddress.Loopback, 2000), Peer.Unknown, Defaults));

    [Fact]
    public void DataComesFromTheControlConnectionsUser()
    {
        Assert.Null(FtpPolicy.RefuseData(Local(), Local()));
        Assert.NotNull(FtpPolicy.RefuseData(Local(owner: "1001"), Local()));
        Assert.NotNull(FtpPolicy.RefuseData(Local(owner: null), Local()));
        Assert.NotNull(FtpPolicy.RefuseData(Local(), Local(owner: null)));
        Assert.NotNull(FtpPolicy.RefuseData(Local(owner: null), Local(owner: null)));
    }

    [Fact]
    public void DataComesFromTheControlConnectionsAddress()
    {
        Assert.Null(FtpPolicy.RefuseData(Remote("10.0.0.9"), Remote("10.0.0.9")));
        Assert.NotNull(FtpPolicy.RefuseData(Remote("10.0.0.8"), Remote("10.0.0.9")));
        Assert.Null(FtpPolicy.RefuseData(Remote("10.0.0.9", AddressKnowledge.Claimed), Remote("10.0.0.9", AddressKnowledge.Claimed)));
        Assert.NotNull(FtpPolicy.RefuseData(Peer.Unknown, Remote("10.0.0.9")));
        Assert.NotNull(FtpPolicy.RefuseData(Remote("10.0.0.9"), Peer.Unknown));
        Assert.Null(FtpPolicy.RefuseData(Peer.Unknown, Peer.Unknown));
    }

    [Fact]
    public void TheListenerOfAPortMustBelongToTheControlConnectionsUser()
    {
        Assert.True(FtpPolicy.TryGetRequiredOwner(Local(), out var owner));
        Assert.Equal(new UserId("1000"), owner);
        Assert.False(FtpPolicy.TryGetRequiredOwner(Local(owner: null), out _));
        Assert.True(FtpPolicy.TryGetRequiredOwner(Remote("10.0.0.9"), out owner));
        Assert.Null(owner);
    }

    [Theory]
    [InlineData(1024, true)]
    [InlineData(1023, false)]
    [InlineData(2121, false)] // the control port itself
    public void ServersPortsAreDataPorts(int port, bool allowed) => Assert.Equal(allowed, FtpPolicy.AllowsServerPort(port, new("localhost", 2121), Defaults));

    [Fact]
    public void PrivilegedDataPortsCanBeAllowed()
    {
        var options = Defaults with { PrivilegedDataPorts = true };
        Assert.True(FtpPolicy.AllowsServerPort(20, new("localhost", 21), options));
        Assert.False(FtpPolicy.AllowsServerPort(0, new("localhost", 21), options));
        Assert.False(FtpPolicy.AllowsServerPort(21, new("localhost", 21), options));
        Assert.Null(FtpPolicy.RefuseActive(new IPEndPoint(IPAddress.Loopback, 1023), Remote("127.0.0.1"), options));
        Assert.NotNull(FtpPolicy.RefuseActive(new IPEndPoint(IPAddress.Loopback, 0), Remote("127.0.0.1"), options));
    }
}
