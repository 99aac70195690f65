using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Culvert.Net;
using Culvert.Net.Tcp;
using Xunit;

namespace Culvert.Tests.Net;

/// <summary>The same for both ways in which bytes are moved: see <see cref="PortableTcpNetworkTests"/>.</summary>
public class TcpNetworkTests
{
    private readonly TcpNetwork _tcp;

    public TcpNetworkTests() : this(isPortable: false)
    {
    }

    private protected TcpNetworkTests(bool isPortable)
    {
        _tcp = new(TimeProvider.System) { IsPortable = isPortable };
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private ValueTask<IListener> ListenAsync(string host = Endpoint.Loopback4, ListenOptions? options = null) =>
        _tcp.ListenAsync(new Endpoint(host, 0), options ?? ListenOptions.Default, Stop);

    [Theory]
    [InlineData(Endpoint.Loopback4)]
    [InlineData(Endpoint.Loopback6)]
    public async Task A_peer_on_this_machine_is_observed_with_its_owner_and_the_address_it_dialled(string host)
    {
        SkipWithout(host);
        await using var listener = await ListenAsync(host);
        var dial = _tcp.Connect(listener.LocalEndpoint, ConnectOptions.Default);
        var (duplex, peer) = await listener.AcceptAsync(Stop);
        await using (duplex)
        await using ((await dial.Outcome).Duplex)
        {
            Assert.Equal(AddressKnowledge.Observed, peer.Knowledge);
            Assert.Equal(host, peer.Address.Host);
            Assert.Equal(listener.LocalEndpoint, peer.Local);
            Assert.True(peer.IsLocal);
            Assert.Equal(LocalUsers.Current, peer.Owner);
        }
    }

    [Theory]
    [InlineData("127.0.0.7", null, "127.0.0.7")]
    [InlineData("localhost", null, "127.0.0.1")]
    [InlineData(null, "lo", "127.0.0.1")]
    [InlineData("127.0.0.7", "none-such", "127.0.0.7")]
    public async Task A_connection_comes_from_where_it_was_told_to(string? address, string? card, string expected)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("other systems call loopback otherwise, and give it one address");
        await using var listener = await ListenAsync();
        var dial = _tcp.Connect(listener.LocalEndpoint, ConnectOptions.Default with { Source = address is null ? null : new Endpoint(address, 0), SourceInterface = card });
        var (duplex, peer) = await listener.AcceptAsync(Stop);
        await using (duplex)
        await using ((await dial.Outcome).Duplex)
            Assert.Equal(expected, peer.Address.Host);
    }

    [Theory]
    [InlineData("no-such-name.invalid", null, "bind no-such-name.invalid: ")]
    [InlineData(null, "none-such", "none-such: no suitable addresses")]
    public async Task One_that_can_not_come_from_there_is_not_made(string? address, string? card, string expected)
    {
        await using var listener = await ListenAsync();
        var outcome = await _tcp.Connect(listener.LocalEndpoint, ConnectOptions.Default with { Source = address is null ? null : new Endpoint(address, 0), SourceInterface = card }).Outcome;
        Assert.Null(outcome.Duplex);
        Assert.StartsWith(expected, outcome.Failure!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Addresses_that_lead_nowhere_else_are_an_interfaces_last()
    {
        IPAddress[] addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("fe80::1"), IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1"), IPAddress.Parse("192.0.2.2")];
        Assert.Equal("192.0.2.1", LocalInterfaces.Best(addresses, AddressFamily.InterNetwork)?.ToString());
        Assert.Equal("2001:db8::1", LocalInterfaces.Best(addresses, AddressFamily.InterNetworkV6)?.ToString());
        Assert.Equal("fe80::1", LocalInterfaces.Best([IPAddress.Parse("fe80::1")], AddressFamily.InterNetworkV6)?.ToString());
        Assert.Null(LocalInterfaces.Best([IPAddress.Loopback], AddressFamily.InterNetworkV6));
    }

    [Fact]
    public async Task An_IPv4_client_of_a_dual_listener_is_seen_with_its_IPv4_address_and_its_owner()
    {
        SkipWithout(Endpoint.Loopback6);
        await using var listener = await ListenAsync("*");
        var dial = _tcp.Connect(new Endpoint(Endpoint.Loopback4, listener.LocalEndpoint.Port), ConnectOptions.Default);
        var (duplex, peer) = await listener.AcceptAsync(Stop);
        await using (duplex)
        await using ((await dial.Outcome).Duplex)
        {
            Assert.Equal(Endpoint.Loopback4, peer.Address.Host);
            Assert.Equal(LocalUsers.Current, peer.Owner);
        }
    }

    [Fact]
    public async Task A_peer_that_has_closed_has_no_owner()
    {
        await using var listener = await ListenAsync();
        using (var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await client.ConnectAsync(IPAddress.Loopback, listener.LocalEndpoint.Port, Stop);
        }
        var (duplex, peer) = await listener.AcceptAsync(Stop);
        await using (duplex)
            Assert.Null(peer.Owner); // the kernel would say user 0; that is nobody, not root
    }

    [Fact]
    public async Task Another_users_connection_shows_their_user_id()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && LocalUsers.IsSuperuser, "needs root on Linux to act as another user");
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv") && File.Exists("/bin/bash"), "needs setpriv and bash");
        await using var listener = await ListenAsync();
        using var stranger = Process.Start(new ProcessStartInfo("/usr/bin/setpriv",
            ["--reuid=65534", "--clear-groups", "/bin/bash", "-c", $"exec 3<>/dev/tcp/127.0.0.1/{listener.LocalEndpoint.Port}; read -u 3 line 2>/dev/null"]))!;
        var (duplex, peer) = await listener.AcceptAsync(Stop);
        await using (duplex)
            Assert.Equal(new UserId("65534"), peer.Owner);
        duplex.Abort();
        await stranger.WaitForExitAsync(Stop);
    }

    [Fact]
    public async Task A_dial_that_requires_an_owner_reaches_that_users_port_only()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "listening sockets' owners are told on Linux");
        await using var listener = await ListenAsync();
        var theirs = _tcp.Connect(listener.LocalEndpoint, ConnectOptions.Default with { RequiredOwner = new UserId("4242") });
        Assert.Equal(FailureKind.Prohibited, (await theirs.Outcome).Failure!.Kind);
        var ours = _tcp.Connect(listener.LocalEndpoint, ConnectOptions.Default with { RequiredOwner = LocalUsers.Current });
        await using var duplex = (await ours.Outcome).Duplex;
        Assert.NotNull(duplex);
    }

    // ftplib and others close their listener as soon as it has its one connection; then the accepted socket tells whose it is.
    [Fact]
    public async Task A_dial_that_requires_an_owner_reaches_a_listener_that_closes_after_one_accept()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "listening sockets' owners are told on Linux");
        for (var round = 0; round < 200; round++)
        {
            var listener = await ListenAsync();
            var accepting = AcceptAndCloseAsync(listener);
            var dial = _tcp.Connect(listener.LocalEndpoint, ConnectOptions.Default with { RequiredOwner = LocalUsers.Current });
            var (duplex, failure) = await dial.Outcome;
            await using var accepted = await accepting;
            await using (duplex)
                Assert.Null(failure);
        }

        static async Task<Duplex> AcceptAndCloseAsync(IListener listener)
        {
            await using (listener)
                return (await listener.AcceptAsync(Stop)).Duplex;
        }
    }

    [Fact]
    public async Task A_refused_connection_says_refused()
    {
        using var deaf = new DeafPort();
        var (duplex, failure) = await _tcp.Connect(deaf.Endpoint, ConnectOptions.Default).Outcome;
        Assert.Null(duplex);
        Assert.Equal(new Failure(FailureKind.Refused, "Connection refused"), failure);
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_an_unknown_name()
    {
        var (_, failure) = await _tcp.Connect(new Endpoint("no-such-host.invalid", 21), ConnectOptions.Default).Outcome;
        Assert.Equal(FailureKind.UnknownName, failure!.Kind);
    }

    [Fact]
    public async Task An_aborted_dial_ends_as_aborted_or_resets_what_came()
    {
        await using var listener = await ListenAsync();
        var dial = _tcp.Connect(listener.LocalEndpoint, ConnectOptions.Default);
        dial.Abort();
        var (duplex, failure) = await dial.Outcome;
        if (duplex is null)
            Assert.Equal(FailureKind.Aborted, failure!.Kind);
        else
            Assert.Equal(ReadEnd.Reset, (await duplex.ReadAsync(Stop)).End);
    }

    [Fact]
    public async Task A_port_in_use_is_said_so()
    {
        await using var listener = await ListenAsync();
        var e = await Assert.ThrowsAsync<NetworkException>(async () => await _tcp.ListenAsync(listener.LocalEndpoint, ListenOptions.Default, Stop));
        Assert.Equal(new Failure(FailureKind.InUse, "Address already in use"), e.Failure);
    }

    [Fact]
    public async Task From_a_range_every_port_is_tried_before_giving_up()
    {
        await using var blocker = await ListenAsync();
        var port = blocker.LocalEndpoint.Port;
        var e = await Assert.ThrowsAsync<NetworkException>(async () => await ListenAsync(options: ListenOptions.Default with { Ports = new(port, port) }));
        Assert.Equal($"no free port between {port} and {port}", e.Message);
    }

    [Fact]
    public async Task An_armed_connection_that_is_dropped_shows_a_reset_and_one_that_ended_shows_an_end()
    {
        await using var listener = await ListenAsync(options: ListenOptions.Default with { ArmedToReset = true });
        foreach (var ended in new[] { false, true })
        {
            await using var client = (await _tcp.Connect(listener.LocalEndpoint, ConnectOptions.Default).Outcome).Duplex!;
            var (server, _) = await listener.AcceptAsync(Stop);
            await server.WriteAsync("bytes"u8.ToArray(), Stop);
            if (ended)
                await server.EndAsync(Stop);
            await server.DisposeAsync();
            ReadResult read;
            while ((read = await client.ReadAsync(Stop)).End == ReadEnd.None)
                client.Release(read.Bytes.Length);
            Assert.Equal(ended ? ReadEnd.Ended : ReadEnd.Reset, read.End);
        }
    }

    // The system tells of a reset once: whom it told in a write would read an end.
    [Theory]
    [InlineData(true, ReadEnd.Reset)]
    [InlineData(false, ReadEnd.Ended)]
    public async Task A_reset_that_a_write_met_is_no_end_for_the_reader(bool reset, ReadEnd expected)
    {
        await using var listener = await ListenAsync();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, listener.LocalEndpoint.Port, Stop);
        var (server, _) = await listener.AcceptAsync(Stop);
        await using (server)
        {
            await client.SendAsync("half a file"u8.ToArray(), Stop);
            client.LingerState = new LingerOption(reset, 0);
            client.Dispose();
            while (await server.WriteAsync("a ticket"u8.ToArray(), Stop) == WriteEnd.None)
            {
            }
            var received = "";
            ReadResult read;
            for (; (read = await server.ReadAsync(Stop)).End == ReadEnd.None; server.Release(read.Bytes.Length))
                received += System.Text.Encoding.ASCII.GetString(read.Bytes.Span);
            Assert.Equal(expected, read.End);
            Assert.Equal("half a file", received);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_end_that_came_before_what_was_said_does_not_acknowledge_it(bool read)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems don't tell");
        await using var listener = await ListenAsync();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, listener.LocalEndpoint.Port, Stop);
        var (server, _) = await listener.AcceptAsync(Stop);
        await using (server)
        {
            if (!read)
                client.Dispose();
            await server.WriteAsync("226 done\r\n"u8.ToArray(), Stop);
            if (read)
            {
                Assert.Equal(10, await client.ReceiveAsync(new byte[100], Stop));
                client.Dispose();
            }
            Assert.Equal(ReadEnd.Ended, (await server.ReadAsync(Stop)).End);
            Assert.Equal(read, server.IsAcknowledged);
        }
    }

    [Fact]
    public async Task Urgent_data_stays_in_its_place()
    {
        await using var listener = await ListenAsync(options: ListenOptions.Default with { OutOfBandInline = true });
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, listener.LocalEndpoint.Port, Stop);
        var (server, _) = await listener.AcceptAsync(Stop);
        await using (server)
        {
            client.Send("ABOR\r\n"u8, SocketFlags.OutOfBand); // as Python's ftplib does
            var received = "";
            while (received.Length < 6)
            {
                var read = await server.ReadAsync(Stop);
                Assert.Equal(ReadEnd.None, read.End);
                received += System.Text.Encoding.ASCII.GetString(read.Bytes.Span);
                server.Release(read.Bytes.Length);
            }
            Assert.Equal("ABOR\r\n", received);
        }
    }

    private static void SkipWithout(string host) =>
        Assert.SkipUnless(host != Endpoint.Loopback6 || (Socket.OSSupportsIPv6 && File.Exists("/proc/net/if_inet6")), "this machine has no IPv6 loopback");
}

/// <summary>Bytes are moved by the runtime's own way, as where there is no loop of ours.</summary>
public sealed class PortableTcpNetworkTests() : TcpNetworkTests(isPortable: true);
