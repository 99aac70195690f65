using Culvert.Ftp;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Ftp;

public sealed class ReadyListenersTests
{
    private static readonly Endpoint At = new("127.0.0.1", 0);
    private static readonly Failure Prohibited = new(FailureKind.Prohibited, "forwarding is off");
    private readonly MemoryNetwork _far = new(new() { ListensOverAWay = true });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task UntilListenersAsync(int count)
    {
        while (_far.Listeners != count)
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task<Duplex> DialAsync(Endpoint to)
    {
        var (duplex, failure) = await _far.Connect(to, ConnectOptions.Default).Outcome;
        Assert.Null(failure);
        return duplex!;
    }

    private static async Task<ReadEnd> EndOfAsync(Duplex duplex) => (await duplex.ReadAsync(new byte[1], Cancel)).End;

    [Fact]
    public async Task Nothing_is_opened_before_the_first_is_asked_for()
    {
        await using var ready = new ReadyListeners(_far);
        await ready.Connect(new("nowhere", 1), ConnectOptions.Default).Outcome;
        Assert.Equal(0, _far.Listeners);
    }

    [Fact]
    public async Task Where_listening_costs_nothing_and_of_a_range_of_ports_none_is_kept_ready()
    {
        var here = new MemoryNetwork();
        await using var near = new ReadyListeners(here);
        await using var first = await near.ListenAsync(At, ListenOptions.Default, Cancel);
        await using var ready = new ReadyListeners(_far);
        await using var second = await ready.ListenAsync(At, ListenOptions.Default with { Ports = new(50000, 50009) }, Cancel);
        await using var third = await ready.ListenAsync(At, ListenOptions.Default, Cancel);
        await UntilListenersAsync(3); // that of the range, the other one, and what is ready behind it: what was asked for before was there, too, if it was asked for
        Assert.Equal(1, here.Listeners);
    }

    [Fact]
    public async Task The_second_is_there_before_it_is_asked_for()
    {
        await using var ready = new ReadyListeners(_far);
        await using var first = await ready.ListenAsync(At, ListenOptions.Default, Cancel);
        await UntilListenersAsync(2);
        _far.RefuseListen = _ => Prohibited;
        await using var second = await ready.ListenAsync(At, ListenOptions.Default, Cancel);
        Assert.NotEqual(first.LocalEndpoint, second.LocalEndpoint);
        await using var server = await DialAsync(second.LocalEndpoint);
        await using var taken = (await second.AcceptAsync(Cancel)).Duplex;
        var e = await Assert.ThrowsAsync<NetworkException>(async () => await ready.ListenAsync(At, ListenOptions.Default, Cancel));
        Assert.Equal(Prohibited, e.Failure);
    }

    [Fact]
    public async Task Who_connects_before_it_is_asked_for_is_reset_and_the_port_is_given_up()
    {
        await using var ready = new ReadyListeners(_far);
        await using var first = await ready.ListenAsync(At, ListenOptions.Default, Cancel);
        await UntilListenersAsync(2);
        var known = first.LocalEndpoint.WithPort(first.LocalEndpoint.Port + 1);
        await using var stranger = await DialAsync(known);
        Assert.Equal(ReadEnd.Reset, await EndOfAsync(stranger));
        await UntilListenersAsync(1);
        await using var second = await ready.ListenAsync(At, ListenOptions.Default, Cancel);
        Assert.NotEqual(known, second.LocalEndpoint);
    }

    [Fact]
    public async Task Another_address_is_listened_on_as_asked()
    {
        await using var ready = new ReadyListeners(_far);
        await using var first = await ready.ListenAsync(At, ListenOptions.Default, Cancel);
        await using var second = await ready.ListenAsync(new("::1", 0), ListenOptions.Default, Cancel);
        Assert.Equal("::1", second.LocalEndpoint.Host);
    }

    [Fact]
    public async Task A_network_that_allows_no_spare_is_asked_again()
    {
        await using var ready = new ReadyListeners(_far);
        var listens = 0;
        _far.RefuseListen = _ => Interlocked.Increment(ref listens) == 2 ? Prohibited : null;
        await using var first = await ready.ListenAsync(At, ListenOptions.Default, Cancel);
        await using var second = await ready.ListenAsync(At, ListenOptions.Default, Cancel);
        Assert.NotEqual(first.LocalEndpoint, second.LocalEndpoint);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_left_open(bool lossy)
    {
        var far = new MemoryNetwork(lossy ? MemoryNetworkOptions.Lossy : MemoryNetworkOptions.Faithful);
        await using (var ready = new ReadyListeners(far))
        {
            for (var i = 0; i < 100; i++)
                await (await ready.ListenAsync(At, ListenOptions.Default, Cancel)).DisposeAsync();
        }
        Assert.Equal(0, far.Listeners);
    }
}
