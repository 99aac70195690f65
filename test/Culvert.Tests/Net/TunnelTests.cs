using Culvert.Net;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Net;

public sealed class TunnelTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plain_tunnel_joins_its_client_to_the_destination_and_leaves_nothing()
    {
        var (near, far) = (new MemoryNetwork(), new MemoryNetwork(MemoryNetworkOptions.Lossy));
        await using var server = await far.ListenAsync(new Endpoint("ftp", 21), ListenOptions.Default, Stop);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var listener = await near.ListenAsync(new Endpoint("", 1234), ListenOptions.Default, Stop);
        var running = new Tunnel(listener, Tunnel.Plain(far, Wish.Always(new Endpoint("ftp", 21)), TimeProvider.System, (_, _) => { }), 10).RunAsync(stop.Token);

        await using (var client = (await near.Connect(new Endpoint("localhost", 1234), ConnectOptions.Default).Outcome).Duplex!)
        {
            var (there, _) = await server.AcceptAsync(Stop);
            await there.WriteAsync("220 ready\r\n"u8.ToArray(), Stop);
            Assert.Equal("220 ready\r\n"u8.ToArray(), (await client.ReadAsync(Stop)).Bytes.ToArray());
            await there.DisposeAsync();
        }
        await stop.CancelAsync();
        Assert.Null(await running);
        Assert.Equal(0, near.Listeners);
        Assert.Equal(0, near.OpenConnections);
        Assert.Equal(0, far.OpenConnections);
    }

    [Fact]
    public async Task A_destination_that_refuses_is_reported_and_the_client_is_reset()
    {
        var (near, far) = (new MemoryNetwork(), new MemoryNetwork());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var refused = new TaskCompletionSource<Failure>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = await near.ListenAsync(new Endpoint("", 1234), ListenOptions.Default, Stop);
        var running = new Tunnel(listener, Tunnel.Plain(far, Wish.Always(new Endpoint("ftp", 21)), TimeProvider.System, (_, failure) => refused.SetResult(failure)), 10).RunAsync(stop.Token);
        await using var client = (await near.Connect(new Endpoint("localhost", 1234), ConnectOptions.Default).Outcome).Duplex!;
        Assert.Equal(ReadEnd.Reset, (await client.ReadAsync(Stop)).End);
        Assert.Equal(FailureKind.Refused, (await refused.Task).Kind);
        await stop.CancelAsync();
        Assert.Null(await running);
    }

    [Fact]
    public async Task Beyond_its_sessions_a_tunnel_refuses_and_goes_on()
    {
        var near = new MemoryNetwork();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var listener = await near.ListenAsync(new Endpoint("", 1234), ListenOptions.Default, Stop);
        var tunnel = new Tunnel(listener, async (client, token) =>
        {
            await using var duplex = client.Duplex;
            await duplex.ReadAsync(token).AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
        }, maximumSessions: 1);
        var running = tunnel.RunAsync(stop.Token);

        await using var first = (await near.Connect(new Endpoint("x", 1234), ConnectOptions.Default).Outcome).Duplex!;
        await using var second = (await near.Connect(new Endpoint("x", 1234), ConnectOptions.Default).Outcome).Duplex!;
        Assert.Equal(ReadEnd.Reset, (await second.ReadAsync(Stop)).End);
        Assert.Equal(1, tunnel.Sessions);
        await stop.CancelAsync();
        Assert.Null(await running);
        Assert.Equal(0, tunnel.Sessions);
    }

    [Fact]
    public async Task A_listener_that_dies_says_why()
    {
        var near = new MemoryNetwork();
        var listener = await near.ListenAsync(new Endpoint("", 1234), ListenOptions.Default, Stop);
        var running = new Tunnel(listener, (_, _) => Task.CompletedTask, 1).RunAsync(Stop);
        near.Lose();
        Assert.Equal(FailureKind.NetworkLost, (await running)!.Kind);
    }
}
