using Culvert.Demo;
using Culvert.Demo.Dialogue;
using Culvert.Demo.Steps;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Demo;

/// <summary>Who may come to the demo, and where it may go.</summary>
public sealed class ReachTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_demos_SSH_server_connects_to_nothing_but_the_demo()
    {
        var tcp = new TcpNetwork(TimeProvider.System);
        await using var stage = await Stage.SetUpAsync(new DemoOptions { FileSize = 1 }, tcp, Stop);
        await using var foreign = await tcp.ListenAsync(new(Endpoint.Loopback4, 0), ListenOptions.Default, Stop);
        foreach (string host in new[] { Endpoint.Loopback4, "localhost" })
        {
            var refused = await stage.Ssh.Far.Connect(foreign.LocalEndpoint with { Host = host }, ConnectOptions.Default).Outcome;
            Assert.Equal(FailureKind.Prohibited, refused.Failure?.Kind);
        }
        // Not even to itself: an SSH server that reaches its own port could be walked round.
        Assert.Equal(FailureKind.Prohibited, (await stage.Ssh.Far.Connect(stage.Ssh.Endpoint, ConnectOptions.Default).Outcome).Failure?.Kind);

        var reached = await stage.Ssh.Far.Connect(stage.Ftp.Endpoint, ConnectOptions.Default).Outcome;
        Assert.Null(reached.Failure);
        await reached.Duplex!.DisposeAsync();
    }

    [Fact]
    public async Task The_demos_SSH_server_listens_on_loopback_only()
    {
        await using var stage = await Stage.SetUpAsync(new DemoOptions { FileSize = 1 }, new TcpNetwork(TimeProvider.System), Stop);
        await Assert.ThrowsAsync<NetworkException>(async () => await stage.Ssh.Far.ListenAsync(new("0.0.0.0", 0), ListenOptions.Default, Stop));
        await using var allowed = await stage.Ssh.Far.ListenAsync(new(Endpoint.Loopback4, 0), ListenOptions.Default, Stop);
        Assert.NotEqual(0, allowed.LocalEndpoint.Port);
    }

    [Fact]
    public async Task Another_user_at_a_data_port_is_reset_and_the_right_one_still_comes_in()
    {
        var network = new MemoryNetwork();
        var expected = new Peer(new(Endpoint.Loopback4, 40000), AddressKnowledge.Observed, network.Owner, null);
        await using var door = await ListeningDoor.OpenPortAsync(network, Endpoint.Loopback4, expected, new OpenPorts(), Stop);
        var opening = door.OpenAsync(Stop);

        network.Owner = new("1001");
        await using var stranger = (await network.Connect(door.Endpoint, ConnectOptions.Default).Outcome).Duplex!;
        Assert.Equal(ReadEnd.Reset, (await stranger.ReadAsync(new byte[1], Stop)).End);
        Assert.False(opening.IsCompleted);

        network.Owner = expected.Owner;
        await using var friend = (await network.Connect(door.Endpoint, ConnectOptions.Default).Outcome).Duplex!;
        await using var taken = await opening;
        await friend.WriteAsync("x"u8.ToArray(), Stop);
        Assert.Equal("x"u8.ToArray(), (await taken.ReadAsync(new byte[1], Stop)).Bytes.ToArray());
    }
}
