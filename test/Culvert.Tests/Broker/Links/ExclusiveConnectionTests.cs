using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker.Links;

/// <summary>Profiles whose tunnels each have a connection of their own: what comes, goes and stays with which.</summary>
public sealed class ExclusiveConnectionTests : IAsyncDisposable
{
    private readonly MemoryNetwork _here = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LinkScript _script = new();
    private readonly BrokerDaemon _daemon;

    public ExclusiveConnectionTests()
    {
        var services = new BrokerServices { Here = _here, Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance, Time = _time };
        _daemon = new BrokerDaemon(services, _ => { }, (_, _) => _script.ConnectAsync);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    private static TunnelConfig Tunnel(string spec) => new(TunnelSpec.Parse(TunnelKind.Local, spec)) { AllowUsers = ["1000"] };

    private static ProfileConfig Profile(bool isExclusive, params string[] tunnels) => new("a", new ConnectionConfig
    {
        Host = "gate",
        AddressFamily = AddressFamilyChoice.Inet,
        Tunnels = [.. tunnels.Select(Tunnel)],
    })
    { ConnectOnStartup = true, ExclusiveConnection = isExclusive };

    private static BrokerConfig Config(params ProfileConfig[] profiles) => new() { Profiles = profiles };

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private ConnectionRun RunOf(int port) => _daemon.Runs.Single(run => run.Tunnels.Any(tunnel => tunnel.Config.Spec.ListenPort == port));

    // Connections come up, each with a far side of its own: by the port of the tunnel that goes through them.
    private async Task<Dictionary<int, LinkScript.Connection>> UpAsync(params int[] ports)
    {
        foreach (var _ in ports)
            (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(() => _here.Listeners == ports.Length && _daemon.Runs.All(run => run.Link.Status.State == LinkState.Up));
        return ports.ToDictionary(port => port, port => (LinkScript.Connection)RunOf(port).Link.Live!.Resources);
    }

    private async Task<Duplex> DialAsync(int port)
    {
        var (duplex, failure) = await _here.Connect(new Endpoint("127.0.0.1", port), ConnectOptions.Default).Outcome;
        Assert.Null(failure);
        return duplex!;
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public async Task Each_tunnel_of_an_exclusive_profile_has_a_connection_of_its_own_and_those_of_another_share_one(bool isExclusive, int connections)
    {
        await _daemon.ApplyAsync(Config(Profile(isExclusive, "1001:db:1", "1002:db:1")) with { StaticTunnels = [new StaticTunnelConfig(Tunnel("1003:db:1"), "a")] }, Cancel);
        await UntilAsync(() => _here.Listeners == 3 && _script.Count == connections);
        Assert.Equal(connections, _daemon.Runs.Count);
        Assert.All(_daemon.Runs, run => Assert.Equal(3 / connections, run.Tunnels.Count()));
        for (var i = 0; i < connections; i++)
            (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(() => _daemon.Runs.All(run => run.Link.Status.State == LinkState.Up));
    }

    [Fact]
    public async Task What_befalls_one_connection_is_nothing_to_the_others()
    {
        await _daemon.ApplyAsync(Config(Profile(true, "1001:db:1", "1002:db:1")), Cancel);
        await UntilAsync(() => _script.Count == 2);
        var (first, second) = (await _script.NextAsync(Cancel), await _script.NextAsync(Cancel));
        var (one, other) = (first.Succeed(new MemoryNetwork()), second.Succeed(new MemoryNetwork()));
        await UntilAsync(() => _daemon.Runs.All(run => run.Link.Status.State == LinkState.Up));
        one.Lose("somebody pulled a plug");
        await UntilAsync(() => _daemon.Runs.Count(run => run.Link.Status.State == LinkState.Restoring) == 1);
        Assert.Equal(1, _daemon.Runs.Count(run => run.Link.Status.State == LinkState.Up));
        Assert.False(other.IsDisposed);

        // Closing one by its number closes one; closing the profile closes all.
        var up = _daemon.Runs.Single(run => run.Link.Status.State == LinkState.Up);
        Assert.True(await _daemon.CloseConnectionAsync(up.Id, Cancel));
        await UntilAsync(() => other.IsDisposed);
        Assert.Equal(LinkState.Restoring, _daemon.Runs.Single(run => run != up).Link.Status.State);
        Assert.Equal(1, _here.Listeners);
        Assert.True(await _daemon.DisconnectAsync("a", Cancel));
        Assert.All(_daemon.Runs, run => Assert.Equal(LinkState.Disabled, run.Link.Status.State));
        Assert.Equal(0, _here.Listeners);

        Assert.Equal(2, (await _daemon.ConnectAsync("a", Cancel)).Count);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(() => _here.Listeners == 2 && _daemon.Runs.All(run => run.Link.Status.State == LinkState.Up));
        Assert.False(await _daemon.CloseConnectionAsync(999, Cancel));
        Assert.Empty(await _daemon.ConnectAsync("nobody", Cancel));
    }

    [Fact]
    public async Task A_reload_that_changes_one_tunnel_leaves_the_connections_of_the_others()
    {
        await _daemon.ApplyAsync(Config(Profile(true, "1001:db:1", "1002:db:1")), Cancel);
        var open = await UpAsync(1001, 1002);
        var kept = RunOf(1001);
        await _daemon.ApplyAsync(Config(Profile(true, "1003:db:1", "1001:db:1")), Cancel);
        await UntilAsync(() => _script.Count == 3 && _here.Listeners == 2);
        Assert.Same(kept, RunOf(1001));
        Assert.Equal((false, true), (open[1001].IsDisposed, open[1002].IsDisposed));
        Assert.Equal(2, _daemon.Runs.Count);

        // The other way round there is nothing to keep: one connection carries all from here on.
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await _daemon.ApplyAsync(Config(Profile(false, "1003:db:1", "1001:db:1")), Cancel);
        Assert.True(open[1001].IsDisposed);
        Assert.Single(_daemon.Runs);
    }

    [Fact]
    public async Task A_tunnel_that_is_closed_takes_its_connection_with_it()
    {
        await _daemon.ApplyAsync(Config(Profile(true, "1001:db:1", "1002:db:1")), Cancel);
        var open = await UpAsync(1001, 1002);
        Assert.True(await _daemon.CloseTunnelAsync(RunOf(1002).Tunnels.Single().Id, Cancel));
        Assert.Equal((false, true), (open[1001].IsDisposed, open[1002].IsDisposed));
        Assert.Equal([LinkState.Up, LinkState.New], _daemon.Runs.Select(run => run.Link.Status.State));

        // Connected again it's there again, and the other one never noticed.
        await _daemon.ConnectAsync("a", Cancel);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(() => _here.Listeners == 2 && _daemon.Runs.All(run => run.Link.Status.State == LinkState.Up));
        Assert.False(open[1001].IsDisposed);
    }

    [Fact]
    public async Task A_tunnel_that_is_opened_by_hand_has_its_own_too_which_outlives_a_reload_and_ends_with_it()
    {
        await _daemon.ApplyAsync(Config(Profile(true, "1001:db:1")), Cancel);
        await UpAsync(1001);
        var tunnel = await _daemon.OpenTunnelAsync("a", Tunnel("1002:db:1"), Cancel);
        Assert.Equal(2, _daemon.Runs.Count);
        await using (var client = await DialAsync(1002))
        {
            var connection = (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
            await UntilAsync(() => RunOf(1002).Link.Status.State == LinkState.Up);
            await _daemon.ApplyAsync(Config(Profile(true, "1003:db:1")), Cancel);
            Assert.False(connection.IsDisposed);
            Assert.Equal([1003, 1002], _daemon.Runs.SelectMany(run => run.Tunnels).Select(one => one.Config.Spec.ListenPort));
            // The same once more would be a second of the same.
            await Assert.ThrowsAsync<BrokerException>(() => _daemon.OpenTunnelAsync("a", Tunnel("1002:db:1"), Cancel));
            client.Abort();
            Assert.True(await _daemon.CloseTunnelAsync(tunnel!.Id, Cancel));
            Assert.True(connection.IsDisposed);
        }
        Assert.Single(_daemon.Runs);
    }

    [Fact]
    public void Who_goes_through_an_exclusive_gateway_has_a_connection_to_it_of_his_own()
    {
        foreach (var isExclusive in (bool[])[false, true])
        {
            var gateway = Profile(isExclusive) with { Id = "gateway" };
            var behind = new ProfileConfig("behind", new ConnectionConfig { Host = "inner", Via = gateway.Connection });
            Assert.Equal(isExclusive ? null : "gateway", Wishes.GatewayOf(behind, [gateway, behind])?.Id);
        }
    }

    [Fact]
    public async Task A_server_that_no_profile_names_is_connected_for_a_tunnel_and_left_when_its_last_one_is_closed()
    {
        await _daemon.ApplyAsync(Config(Profile(false)), Cancel);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        var server = new ProfileConfig("me@other", new ConnectionConfig { Host = "other", User = "me", AddressFamily = AddressFamilyChoice.Inet });
        var first = await _daemon.OpenTunnelAsync(server, Tunnel("1001:db:1"), Cancel);
        var second = await _daemon.OpenTunnelAsync(server, Tunnel("1002:db:1"), Cancel);
        Assert.Equal(["a", "me@other"], _daemon.Runs.Select(run => run.Profile.Id));
        await using var client = await DialAsync(1001);
        var connection = (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(() => RunOf(1001).Link.Status.State == LinkState.Up);
        await _daemon.ApplyAsync(Config(Profile(false)), Cancel);
        Assert.True(await _daemon.CloseTunnelAsync(first.Id, Cancel));
        Assert.False(connection.IsDisposed);
        Assert.True(await _daemon.CloseTunnelAsync(second.Id, Cancel));
        Assert.True(connection.IsDisposed);
        Assert.Equal(["a"], _daemon.Runs.Select(run => run.Profile.Id));
        client.Abort();
    }
}
