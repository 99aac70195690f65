using System.Security.Cryptography;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Transport;
using Culvert.TestKit.Networks;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>Our client against our server: over packets in memory, and as a whole over a memory network with keys and login.</summary>
public sealed class ServerConnectionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bulk_both_ways_arrives_whole_whatever_the_pipe()
    {
        foreach (var capacity in new[] { 1, 3, 64 })
        {
            var behind = new MemoryNetwork();
            await using var echo = await behind.ListenAsync(new Endpoint("echo", 7), ListenOptions.Default, Stop);
            var serving = ConnectionFaultTests.EchoAsync(echo);
            await using var pair = new ConnectedPair(behind, capacity: capacity);
            var data = RandomNumberGenerator.GetBytes(5_000_001);
            await using (var duplex = await DialAsync(pair.Client.Network, 7))
                Assert.Equal(data, await RoundTripAsync(duplex, data));
            await WaitForNoChannelsAsync(pair);
            Assert.Equal(0, pair.Client.Multiplexer.Buffers.Outstanding);
            await echo.DisposeAsync();
            await serving;
        }
    }

    [Fact]
    public async Task Two_hundred_channels_at_once()
    {
        var behind = new MemoryNetwork();
        await using var echo = await behind.ListenAsync(new Endpoint("echo", 7), ListenOptions.Default, Stop);
        var serving = ConnectionFaultTests.EchoAsync(echo);
        await using var pair = new ConnectedPair(behind);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            var data = RandomNumberGenerator.GetBytes(1000 + i * 500);
            await using var duplex = await DialAsync(pair.Client.Network, 7, i % 2 == 0 ? Priority.Bulk : Priority.Interactive);
            Assert.Equal(data, await RoundTripAsync(duplex, data));
        }));
        await WaitForNoChannelsAsync(pair);
        await echo.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task Remote_ports_carry_both_ways_are_cancelled_and_keep_what_runs()
    {
        var behind = new MemoryNetwork();
        await using var pair = new ConnectedPair(behind);
        var listener = await pair.Client.Network.ListenAsync(new Endpoint("localhost", 0), ListenOptions.Default, Stop);
        await using var outside = (await behind.Connect(new Endpoint("localhost", listener.LocalEndpoint.Port), ConnectOptions.Default).Outcome).Duplex!;
        var (duplex, peer) = await listener.AcceptAsync(Stop);
        await using var inside = duplex;
        Assert.Equal(AddressKnowledge.Claimed, peer.Knowledge);
        await listener.DisposeAsync();
        while (behind.Listeners > 0)
            await Task.Yield();
        await outside.WriteAsync("question"u8.ToArray(), Stop);
        await outside.EndAsync(Stop);
        Assert.Equal("question"u8.ToArray(), await ConnectionChannelTests.ReadAsync(inside, ReadEnd.Ended));
        await inside.WriteAsync("answer"u8.ToArray(), Stop);
        await inside.EndAsync(Stop);
        Assert.Equal("answer"u8.ToArray(), await ConnectionChannelTests.ReadAsync(outside, ReadEnd.Ended));
    }

    [Fact]
    public async Task What_is_not_allowed_is_refused_and_never_tried()
    {
        var behind = new MemoryNetwork();
        var options = ConnectedPair.Options(behind) with { MayConnect = to => to.Port == 21, MayListen = _ => false };
        await using var pair = new ConnectedPair(behind, options: options);
        var refused = (await pair.Client.Network.Connect(new Endpoint("echo", 7), ConnectOptions.Default).Outcome).Failure;
        Assert.Equal(new Failure(FailureKind.Prohibited, "open failed: administratively prohibited: open failed"), refused);
        Assert.Empty(behind.Dialled);
        var nobody = (await pair.Client.Network.Connect(new Endpoint("echo", 21), ConnectOptions.Default).Outcome).Failure;
        Assert.Equal(new Failure(FailureKind.Refused, "open failed: connect failed: Connection refused"), nobody);
        var e = await Assert.ThrowsAsync<NetworkException>(async () => await pair.Client.Network.ListenAsync(new Endpoint("", 0), ListenOptions.Default, Stop));
        Assert.Equal(FailureKind.Prohibited, e.Failure.Kind);
        Assert.Equal(0, behind.Listeners);
    }

    [Fact]
    public async Task A_whole_connection_with_keys_and_login()
    {
        await using var world = new SshWorld();
        await using var ssh = await SshConnection.ConnectAsync(world.Internet, world.Client(), Stop);
        Assert.StartsWith("SSH-2.0-", ssh.RemoteVersion, StringComparison.Ordinal);
        Assert.Equal("ssh-ed25519", ssh.Algorithms.HostKey);
        await using var echo = await world.Behind.ListenAsync(new Endpoint("echo", 7), ListenOptions.Default, Stop);
        var serving = ConnectionFaultTests.EchoAsync(echo);
        var data = RandomNumberGenerator.GetBytes(300_000);
        await using (var duplex = await DialAsync(ssh.Network, 7))
            Assert.Equal(data, await RoundTripAsync(duplex, data));
        await echo.DisposeAsync();
        await serving;
        await ssh.DisposeAsync();
        Assert.Equal("the SSH connection was closed", (await ssh.Closed).Text);
    }

    [Fact]
    public async Task Changing_keys_under_load_is_invisible()
    {
        await using var world = new SshWorld();
        await using var ssh = await SshConnection.ConnectAsync(world.Internet, world.Client() with { Rekey = new RekeyLimits { Bytes = 200_000 } }, Stop);
        await using var echo = await world.Behind.ListenAsync(new Endpoint("echo", 7), ListenOptions.Default, Stop);
        var serving = ConnectionFaultTests.EchoAsync(echo);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            var data = RandomNumberGenerator.GetBytes(1_000_000 + i);
            await using var duplex = await DialAsync(ssh.Network, 7, i % 2 == 0 ? Priority.Bulk : Priority.Interactive);
            Assert.Equal(data, await RoundTripAsync(duplex, data));
        }));
        Assert.InRange(ssh.KeyExchanges, 5, 1000);
        await echo.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task A_jump_host_is_a_network_to_connect_through()
    {
        await using var outer = new SshWorld();
        await using var inner = new SshWorld(internet: outer.Behind);
        await using var jump = await SshConnection.ConnectAsync(outer.Internet, outer.Client(), Stop);
        await using var ssh = await SshConnection.ConnectAsync(jump.Network, inner.Client(), Stop);
        await using var echo = await inner.Behind.ListenAsync(new Endpoint("echo", 7), ListenOptions.Default, Stop);
        var serving = ConnectionFaultTests.EchoAsync(echo);
        var data = RandomNumberGenerator.GetBytes(100_000);
        await using (var duplex = await DialAsync(ssh.Network, 7))
            Assert.Equal(data, await RoundTripAsync(duplex, data));
        // The outer connection goes, and the inner one with it.
        await jump.DisposeAsync();
        Assert.Equal(FailureKind.NetworkLost, (await ssh.Closed).Kind);
        await echo.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task A_server_that_stops_is_the_reason_that_its_clients_hear()
    {
        await using var world = new SshWorld();
        await using var ssh = await SshConnection.ConnectAsync(world.Internet, world.Client(), Stop);
        await world.StopAsync();
        Assert.Equal(FailureKind.NetworkLost, (await ssh.Closed).Kind);
        Assert.Contains("the server stops", (await ssh.Closed).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_of_all_kinds_have_their_texts()
    {
        await using var world = new SshWorld();
        var wrong = await Assert.ThrowsAsync<SshAuthenticationException>(() => SshConnection.ConnectAsync(world.Internet, world.Client(password: "wrong"), Stop));
        Assert.Contains("Permission denied", wrong.Message, StringComparison.Ordinal);
        var stranger = world.Client() with { HostKeyPolicy = (_, _) => throw new SshHostKeyException("Host key verification failed.") };
        await Assert.ThrowsAsync<SshHostKeyException>(() => SshConnection.ConnectAsync(world.Internet, stranger, Stop));
        var nobody = await Assert.ThrowsAsync<SshConnectionException>(
            () => SshConnection.ConnectAsync(world.Internet, world.Client() with { Server = new Endpoint("ssh.example", 23) }, Stop));
        Assert.Equal(new Failure(FailureKind.Refused, "connect to host ssh.example port 23: Connection refused"), nobody.Failure);
        // The server hangs up on its own time.
        while (world.Internet.OpenConnections > 0)
            await Task.Yield();
    }

    [Fact]
    public async Task A_stopped_server_is_given_up_but_a_person_may_think()
    {
        await using var world = new SshWorld();
        var time = new FakeTimeProvider();
        await using var stopped = await world.Internet.ListenAsync(new Endpoint("stopped", 24), ListenOptions.Default, Stop);
        var connecting = SshConnection.ConnectAsync(world.Internet, world.Client() with { Server = stopped.LocalEndpoint, Time = time }, Stop);
        await using var held = (await stopped.AcceptAsync(Stop)).Duplex;
        Assert.False(connecting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(15));
        var e = await Assert.ThrowsAsync<SshConnectionException>(() => connecting);
        Assert.Equal(new Failure(FailureKind.Timeout, "connect to host stopped port 24: Connection timed out"), e.Failure);

        var patient = world.Client() with { Time = time };
        patient = patient with
        {
            HostKeyPolicy = (_, _) =>
            {
                time.Advance(TimeSpan.FromMinutes(5));
                return ValueTask.CompletedTask;
            },
            Authentication = patient.Authentication with
            {
                PasswordSource = null,
                Ask = (_, _) =>
                {
                    time.Advance(TimeSpan.FromMinutes(5));
                    return new("secret");
                },
            },
        };
        await using var ssh = await SshConnection.ConnectAsync(world.Internet, patient, Stop);
        Assert.False(ssh.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_client_that_never_logs_in_is_dropped()
    {
        var time = new FakeTimeProvider();
        await using var world = new SshWorld(options => options with { Time = time });
        await using var idle = (await world.Internet.Connect(SshWorld.Port, ConnectOptions.Default).Outcome).Duplex!;
        // Our version line shows that the login's clock runs.
        Assert.NotEqual(0, (await idle.ReadAsync(new byte[64], Stop)).Bytes.Length);
        time.Advance(TimeSpan.FromSeconds(30));
        ReadResult read;
        do
            read = await idle.ReadAsync(new byte[4096], Stop);
        while (read.End == ReadEnd.None);
        Assert.NotEqual(ReadEnd.None, read.End);
    }

    private static async Task<Duplex> DialAsync(INetwork network, int port, Priority priority = Priority.Interactive)
    {
        var (duplex, failure) = await network.Connect(new Endpoint("echo", port), ConnectOptions.Default with { Priority = priority }).Outcome;
        return duplex ?? throw new NetworkException(failure!);
    }

    private static async Task<byte[]> RoundTripAsync(Duplex duplex, byte[] data)
    {
        var writing = WriteAsync();
        var received = await ConnectionChannelTests.ReadAsync(duplex, ReadEnd.Ended);
        await writing;
        return received;

        async Task WriteAsync()
        {
            Assert.Equal(WriteEnd.None, await duplex.WriteAsync(data, Stop));
            Assert.Equal(WriteEnd.None, await duplex.EndAsync(Stop));
        }
    }

    private static async Task WaitForNoChannelsAsync(ConnectedPair pair)
    {
        while (pair.Client.Multiplexer.Table.Count > 0)
            await Task.Yield();
    }
}
