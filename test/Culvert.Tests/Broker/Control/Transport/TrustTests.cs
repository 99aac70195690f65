using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Broker.Control.Transport;

/// <summary>Who may speak to a broker, and whose broker is spoken to.</summary>
public sealed class TrustTests
{
    private const string Me = "S-1-5-21-1-2-3-1001", You = "S-1-5-21-1-2-3-1002", Service = "S-1-5-80-1-2-3-4-5";

    [Theory]
    [InlineData(Me, null, true)]
    [InlineData(You, null, false)]
    [InlineData("S-1-1-0", null, false)]
    [InlineData("S-1-5-18", null, true)]
    [InlineData("S-1-5-32-544", null, true)]
    [InlineData("S-1-5-32-545", null, false)]
    [InlineData("S-1-5-19", null, false)]
    [InlineData(Service, null, false)]
    [InlineData(Service, Service, true)]
    [InlineData(You, Service, false)]
    public void A_pipe_is_believed_by_its_owner(string owner, string? service, bool isBelieved) => Assert.Equal(isBelieved, PipeTrust.Believes(owner, Me, () => service));

    [Fact]
    public void A_pipe_lets_in_its_user_and_the_administrators_and_nobody_over_the_network() =>
        Assert.Equal([("S-1-5-2", false), (Me, true), ("S-1-5-18", true), ("S-1-5-32-544", true)], PipeTrust.Rules(Me));

    [Theory]
    [InlineData(null, Me)]
    [InlineData(Me, Me)]
    [InlineData("S-1-5-32-544", "S-1-5-32-544")]
    [InlineData("S-1-5-21-1-2-3-513", Me)]
    public void A_pipe_belongs_to_its_user_or_to_the_administrators_and_to_no_other_group(string? usual, string owner) => Assert.Equal(owner, PipeTrust.OwnerOf(Me, usual));

    [Theory]
    [InlineData("1000", "1000", true)]
    [InlineData("0", "1000", true)]
    [InlineData("1001", "1000", false)]
    [InlineData(null, "1000", false)]
    [InlineData("1001", "0", true)]
    public void A_socket_is_believed_by_who_listens(string? server, string self, bool isBelieved) =>
        Assert.Equal(isBelieved, ControlSocket.Believes(server is null ? null : new UserId(server), new UserId(self)));

    [Theory]
    [InlineData(@"\\.\pipe\culvert-broker", "culvert-broker")]
    [InlineData(@"\\.\PIPE\mine", "mine")]
    [InlineData("mine", "mine")]
    public void A_pipe_has_a_name(string place, string name) => Assert.Equal(name, PipeName.Of(place));

    [Theory]
    [InlineData(@"\\server\pipe\culvert-broker")]
    [InlineData(@"\\.\pipe\")]
    [InlineData(@"\\.\pipe\..\x")]
    [InlineData(@"C:\run\broker.sock")]
    [InlineData("/run/broker.sock")]
    [InlineData("")]
    [InlineData("anonymous")]
    [InlineData("a\nb")]
    public void What_is_no_pipe_of_this_machine_is_refused(string place) => Assert.Throws<BrokerException>(() => PipeName.Of(place));

    [Fact]
    public void Each_user_has_a_pipe_and_the_machine_has_one()
    {
        Assert.Equal("culvert-broker-" + Me, PipeName.Usual(new UserId(Me), isPrivileged: false));
        Assert.Equal("culvert-broker", PipeName.Usual(new UserId(Me), isPrivileged: true));
        Assert.Throws<BrokerException>(() => PipeName.Of(new string('x', 300)));
    }
}
