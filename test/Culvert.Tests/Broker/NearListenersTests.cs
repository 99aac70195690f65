using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class NearListenersTests
{
    private static TunnelConfig Tunnel(string spec, bool open = false) => new(TunnelSpec.Parse(TunnelKind.Local, spec)) { OpenToOthers = open };

    [Theory]
    [InlineData("1:a:2", false, AddressFamilyChoice.Any, "127.0.0.1,::1")]
    [InlineData("localhost:1:a:2", false, AddressFamilyChoice.Any, "127.0.0.1,::1")]
    [InlineData("1:a:2", false, AddressFamilyChoice.Inet, "127.0.0.1")]
    [InlineData("1:a:2", false, AddressFamilyChoice.Inet6, "::1")]
    [InlineData("1:a:2", true, AddressFamilyChoice.Any, "*")]
    [InlineData("*:1:a:2", false, AddressFamilyChoice.Any, "*")]
    [InlineData(":1:a:2", false, AddressFamilyChoice.Inet, "0.0.0.0")]
    [InlineData("192.0.2.1:1:a:2", false, AddressFamilyChoice.Any, "192.0.2.1")]
    [InlineData("localhost:1:a:2", true, AddressFamilyChoice.Any, "127.0.0.1,::1")]
    public void Loopback_unless_more_was_asked_for(string spec, bool open, AddressFamilyChoice family, string hosts) =>
        Assert.Equal(hosts, string.Join(',', NearListeners.Hosts(Tunnel(spec, open), family)));

    [Fact]
    public async Task Both_loopback_addresses_get_the_same_port()
    {
        var network = new TcpNetwork(TimeProvider.System);
        var listeners = await NearListeners.OpenAsync(Tunnel("0:a:2"), AddressFamilyChoice.Any, network, _ => { }, TestContext.Current.CancellationToken);
        if (listeners.Count == 1)
            Assert.Skip("this machine has no ::1");
        Assert.Equal(listeners[0].LocalEndpoint.Port, listeners[1].LocalEndpoint.Port);
        Assert.NotEqual(0, listeners[0].LocalEndpoint.Port);
        foreach (var listener in listeners)
            await listener.DisposeAsync();
    }

    [Fact]
    public async Task One_family_missing_is_a_warning()
    {
        var network = new MemoryNetwork { RefuseListen = at => at.Host == "::1" ? new Failure(FailureKind.Unreachable, "Cannot assign requested address") : null };
        var warnings = new List<Message>();
        var listeners = await NearListeners.OpenAsync(Tunnel("1234:a:2"), AddressFamilyChoice.Any, network, warnings.Add, TestContext.Current.CancellationToken);
        Assert.Single(listeners);
        var warning = Assert.Single(warnings);
        Assert.Equal(MessageWeight.Warning, warning.Weight);
        Assert.Equal("bind [::1]:1234: Cannot assign requested address", warning.Text);
        await listeners[0].DisposeAsync();
    }

    [Fact]
    public async Task Both_taken_is_an_error_in_the_words_of_OpenSSH_and_leaves_nothing_open()
    {
        var network = new MemoryNetwork { RefuseListen = _ => new Failure(FailureKind.InUse, "Address already in use") };
        var e = await Assert.ThrowsAsync<BrokerException>(() =>
            NearListeners.OpenAsync(Tunnel("1234:a:2"), AddressFamilyChoice.Any, network, _ => { }, TestContext.Current.CancellationToken).AsTask());
        Assert.Equal(
            "bind [127.0.0.1]:1234: Address already in use\nbind [::1]:1234: Address already in use\n"
            + "channel_setup_fwd_listener_tcpip: cannot listen to port: 1234\nCould not request local forwarding.",
            e.Reason.Text);
        Assert.Contains("another program", e.Reason.Hint, StringComparison.Ordinal);
        Assert.Equal(0, network.Listeners);
    }

    [Fact]
    public async Task A_port_below_1024_without_the_right_hints_at_three_ways_out()
    {
        var network = new MemoryNetwork { RefuseListen = _ => new Failure(FailureKind.Prohibited, "Permission denied") };
        var e = await Assert.ThrowsAsync<BrokerException>(() =>
            NearListeners.OpenAsync(Tunnel("ftp/21:a:21"), AddressFamilyChoice.Inet, network, _ => { }, TestContext.Current.CancellationToken).AsTask());
        Assert.StartsWith("bind [127.0.0.1]:21: Permission denied\n", e.Reason.Text, StringComparison.Ordinal);
        Assert.Contains("setcap", e.Reason.Hint, StringComparison.Ordinal);
        Assert.Contains("socket unit", e.Reason.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chosen_port_that_is_taken_on_the_other_address_is_given_back()
    {
        var (tries, network) = (0, new MemoryNetwork());
        network.RefuseListen = at => at.Host == "::1" && ++tries <= 3 ? new Failure(FailureKind.InUse, "Address already in use") : null;
        // The memory network knows ports, not addresses: what it refuses of itself on the second address counts as taken, too.
        var warnings = new List<Message>();
        var listeners = await NearListeners.OpenAsync(Tunnel("0:a:2"), AddressFamilyChoice.Any, network, warnings.Add, TestContext.Current.CancellationToken);
        Assert.True(tries > 3);
        Assert.Equal(listeners.Count, network.Listeners);
        Assert.Single(warnings);
    }
}
