using System.Collections.Concurrent;
using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Broker.Service;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker.Links;

/// <summary>The broker over networks in memory: what it opens, keeps, closes and tells.</summary>
public sealed class BrokerDaemonTests : IAsyncDisposable
{
    private readonly MemoryNetwork _here = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentDictionary<string, LinkScript> _scripts = new();
    private readonly ConcurrentQueue<AuditEvent> _events = new();
    private readonly BrokerDaemon _daemon;

    public BrokerDaemonTests()
    {
        var services = new BrokerServices { Here = _here, Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance, Time = _time };
        _daemon = new BrokerDaemon(services, _events.Enqueue, (profile, _) => Script(profile.Id).ConnectAsync);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    private LinkScript Script(string profile) => _scripts.GetOrAdd(profile, _ => new LinkScript());

    private static ProfileConfig Profile(string id, params string[] tunnels) => new(id, new ConnectionConfig
    {
        Host = id,
        AddressFamily = AddressFamilyChoice.Inet,
        Tunnels = [.. tunnels.Select(Tunnel)],
    })
    { ConnectOnStartup = true };

    private static TunnelConfig Tunnel(string spec) => new(TunnelSpec.Parse(TunnelKind.Local, spec)) { AllowUsers = ["1000"] };

    private static BrokerConfig Config(params ProfileConfig[] profiles) => new() { Profiles = profiles };

    private async Task<(LinkScript.Connection Connection, MemoryNetwork There)> UpAsync(string profile)
    {
        var there = new MemoryNetwork();
        var connection = (await Script(profile).NextAsync(Cancel)).Succeed(there);
        await UntilAsync(() => _daemon.Find(profile)!.Link.Status.State == LinkState.Up);
        return (connection, there);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task<Duplex> DialAsync(int port)
    {
        var (duplex, failure) = await _here.Connect(new Endpoint("127.0.0.1", port), ConnectOptions.Default).Outcome;
        Assert.Null(failure);
        return duplex!;
    }

    private static async Task<string> ReadAsync(Duplex duplex)
    {
        var buffer = new byte[512];
        var read = await duplex.ReadAsync(buffer, Cancel);
        return read.End == ReadEnd.None ? System.Text.Encoding.UTF8.GetString(read.Bytes.Span) : $"<{read.End}>";
    }

    [Fact]
    public async Task A_port_stays_open_over_a_loss_and_a_client_that_comes_meanwhile_is_served_when_the_link_is_back()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "1234:db:5432")), Cancel);
        var (connection, _) = await UpAsync("a");
        await UntilAsync(() => _here.Listeners == 1);
        _time.Advance(TimeSpan.FromMinutes(1));
        connection.Lose("the server went away");
        // The event, and not the state: that can be seen a moment earlier.
        await UntilAsync(() => _events.Any(e => e.Name == "link.lost"));
        Assert.Equal(LinkState.Restoring, _daemon.Find("a")!.Link.Status.State);
        Assert.Equal(1, _here.Listeners);

        await using var client = await DialAsync(1234);
        await UntilAsync(() => _daemon.Activity.Clients.Count == 1);
        // Not by the clock: on a busy machine it would run past what the client waits for.
        _daemon.RetryNow(alsoFailed: false);
        var there = new MemoryNetwork();
        await using var server = await there.ListenAsync(new Endpoint("db", 5432), ListenOptions.Default, Cancel);
        (await Script("a").NextAsync(Cancel)).Succeed(there);
        await using var far = (await server.AcceptAsync(Cancel)).Duplex;
        await far.WriteAsync("hello"u8.ToArray(), Cancel);
        Assert.Equal("hello", await ReadAsync(client));
        // A link and its port come at the same time; the rest has one order.
        Assert.Equal(["link.up", "link.lost", "client.connected", "link.up"], _events.Select(e => e.Name).Where(name => name != "tunnel.opened"));
        client.Abort();
        far.Abort();
    }

    [Fact]
    public async Task Profiles_that_nobody_connects_at_once_may_share_a_port_and_those_of_the_start_may_not()
    {
        var (a, b) = (Profile("a", "1234:db:1"), Profile("b", "1234:db:2"));
        Assert.Equal("2 tunnels listen on port 1234", Assert.Single(Assert.Throws<ConfigException>(() => BrokerHost.Check(Config(a, b))).Lines));
        await Assert.ThrowsAsync<ConfigException>(() => _daemon.ApplyAsync(Config(a, b), Cancel));
        await _daemon.ApplyAsync(Config(a, b with { ConnectOnStartup = false }), Cancel);
        await UntilAsync(() => _here.Listeners == 1);
    }

    [Fact]
    public async Task Who_asks_for_a_connection_asks_for_its_closed_gateway_too()
    {
        var gate = Profile("gate") with { ConnectOnStartup = false };
        var inner = new ProfileConfig("inner", new ConnectionConfig { Host = "inner", Via = gate.Connection });
        await _daemon.ApplyAsync(Config(gate, inner), Cancel);
        await _daemon.DisconnectAsync("gate", Cancel);
        Assert.Equal(LinkState.Disabled, _daemon.Find("gate")!.Link.Status.State);
        await _daemon.ConnectAsync("inner", Cancel);
        Assert.Equal(LinkState.New, _daemon.Find("gate")!.Link.Status.State);
    }

    [Fact]
    public async Task An_FTP_client_that_comes_while_the_link_is_away_hears_why_when_its_time_is_over()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "ftp/2121:localhost:21")), Cancel);
        (await Script("a").NextAsync(Cancel)).FailPassing();
        await UntilAsync(() => _here.Listeners == 1 && _daemon.Find("a")!.Link.Status.State == LinkState.Restoring);
        await using var client = await DialAsync(2121);
        await UntilAsync(() => _daemon.Activity.Clients.Count == 1);
        var answer = ReadAsync(client);
        var failing = Task.Run(async () =>
        {
            while (!answer.IsCompleted)
                (await Script("a").NextAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromDays(1), Cancel)).FailPassing();
        }, Cancel);
        while (!answer.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            await Task.Yield();
        }
        Assert.Equal("421 No connection to the FTP server: there is no SSH connection to a: Connection refused.\r\n", await answer);
        client.Abort();
        _daemon.Find("a")!.Link.RetryNow(alsoFailed: true);
        await failing;
    }

    [Fact]
    public async Task A_rejected_login_is_tried_once_and_FTP_clients_hear_of_it_at_once()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "ftp/2121:localhost:21")), Cancel);
        (await Script("a").NextAsync(Cancel)).Fail("me@a: Permission denied (publickey).", new SshAuthenticationException("denied"));
        await UntilAsync(() => _here.Listeners == 1 && _daemon.Find("a")!.Link.Status.State == LinkState.Failed);
        for (var i = 0; i < 5; i++)
        {
            await using var client = await DialAsync(2121);
            Assert.Equal("421 No connection to the FTP server: there is no SSH connection to a: me@a: Permission denied (publickey).\r\n", await ReadAsync(client));
            client.Abort();
        }
        Assert.Equal(1, Script("a").Count);
    }

    [Fact]
    public async Task A_reload_touches_only_what_changed()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "1001:db:1"), Profile("b", "1002:db:1", "1003:db:1")), Cancel);
        var (_, thereA) = await UpAsync("a");
        var (connectionB, thereB) = await UpAsync("b");
        await UntilAsync(() => _here.Listeners == 3);
        await using var serverA = await thereA.ListenAsync(new Endpoint("db", 1), ListenOptions.Default, Cancel);
        await using var serverB = await thereB.ListenAsync(new Endpoint("db", 1), ListenOptions.Default, Cancel);
        await using var throughA = await DialAsync(1001);
        await using var farA = (await serverA.AcceptAsync(Cancel)).Duplex;
        await using var throughB = await DialAsync(1002);
        await using var farB = (await serverB.AcceptAsync(Cancel)).Duplex;

        // One tunnel of b goes, one comes; the rest is written anew and means the same.
        var reloading = _daemon.ApplyAsync(Config(Profile("b", "1002:db:1", "1004:db:1"), Profile("a", "1001:db:1")), Cancel);
        await reloading;
        await UntilAsync(() => _here.Listeners == 3);
        await farA.WriteAsync("a"u8.ToArray(), Cancel);
        Assert.Equal("a", await ReadAsync(throughA));
        await farB.WriteAsync("b"u8.ToArray(), Cancel);
        Assert.Equal("b", await ReadAsync(throughB));
        Assert.False(connectionB.IsDisposed);
        Assert.NotNull((await _here.Connect(new Endpoint("127.0.0.1", 1003), ConnectOptions.Default).Outcome).Failure);
        Assert.Equal((1, 1), (Script("a").Count, Script("b").Count));
        foreach (var duplex in (Duplex[])[throughA, farA, throughB, farB])
            duplex.Abort();
    }

    [Fact]
    public async Task A_changed_profile_is_replaced_and_keeps_its_port()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "1001:db:1")), Cancel);
        var (connection, _) = await UpAsync("a");
        await UntilAsync(() => _here.Listeners == 1);
        var changed = Profile("a", "1001:db:1");
        await _daemon.ApplyAsync(Config(changed with { Connection = changed.Connection with { Port = 2222 } }), Cancel);
        Assert.True(connection.IsDisposed);
        await UpAsync("a");
        await UntilAsync(() => _here.Listeners == 1);
        Assert.Equal(2, Script("a").Count);
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_had_changes_nothing()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "1001:db:1")), Cancel);
        var (connection, _) = await UpAsync("a");
        await UntilAsync(() => _here.Listeners == 1);
        var before = _daemon.Config;

        var mistakes = await Assert.ThrowsAsync<ConfigException>(() => _daemon.ApplyAsync(
            Config(Profile("a"), Profile("a")) with { StaticTunnels = [new StaticTunnelConfig(Tunnel("1:x:1"), "nobody")] }, Cancel));
        Assert.Equal(2, mistakes.Lines.Count);

        _here.RefuseListen = at => at.Port == 1002 ? new Failure(FailureKind.InUse, "Address already in use") : null;
        await Assert.ThrowsAsync<BrokerException>(() => _daemon.ApplyAsync(Config(Profile("b", "1003:db:1", "1002:db:1")), Cancel));
        Assert.Same(before, _daemon.Config);
        Assert.False(connection.IsDisposed);
        Assert.Equal(1, _here.Listeners);
        Assert.Equal(LinkState.Up, _daemon.Find("a")!.Link.Status.State);
    }

    [Fact]
    public async Task A_static_tunnel_listens_at_once_and_connects_on_first_use()
    {
        var profile = Profile("a") with { ConnectOnStartup = false };
        await _daemon.ApplyAsync(Config(profile) with { StaticTunnels = [new StaticTunnelConfig(Tunnel("1001:db:1"), "a")] }, Cancel);
        await UntilAsync(() => _here.Listeners == 1);
        Assert.Equal(0, Script("a").Count);
        await using var client = await DialAsync(1001);
        var there = new MemoryNetwork();
        await using var server = await there.ListenAsync(new Endpoint("db", 1), ListenOptions.Default, Cancel);
        (await Script("a").NextAsync(Cancel)).Succeed(there);
        await using var far = (await server.AcceptAsync(Cancel)).Duplex;
        await far.WriteAsync("x"u8.ToArray(), Cancel);
        Assert.Equal("x", await ReadAsync(client));
        far.Abort();
        client.Abort();
    }

    [Fact]
    public async Task A_profile_opens_its_tunnels_when_somebody_connects_it_and_closes_them_when_somebody_disconnects_it()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "1001:db:1") with { ConnectOnStartup = false }), Cancel);
        Assert.Equal(0, _here.Listeners);
        await _daemon.ConnectAsync("a", Cancel);
        var (connection, _) = await UpAsync("a");
        await UntilAsync(() => _here.Listeners == 1);
        Assert.True(await _daemon.DisconnectAsync("a", Cancel));
        Assert.Equal(0, _here.Listeners);
        await UntilAsync(() => connection.IsDisposed);
        Assert.Equal(LinkState.Disabled, _daemon.Find("a")!.Link.Status.State);
        await _daemon.ConnectAsync("a", Cancel);
        await UpAsync("a");
        Assert.False(await _daemon.DisconnectAsync("nobody", Cancel));
    }

    [Fact]
    public async Task A_port_that_somebody_else_has_is_tried_again_until_it_is_free()
    {
        _here.RefuseListen = _ => new Failure(FailureKind.InUse, "Address already in use");
        await _daemon.ApplyAsync(Config(Profile("a", "1001:db:1")), Cancel);
        await UpAsync("a");
        await UntilAsync(() => _daemon.Tunnels.Single().Now.State == TunnelState.Failed);
        Assert.Contains("Address already in use", _daemon.Tunnels.Single().Now.Cause, StringComparison.Ordinal);
        _here.RefuseListen = _ => null;
        while (_here.Listeners == 0)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
        await UntilAsync(() => _daemon.Tunnels.Single().Now.State == TunnelState.Listening);
    }

    [Fact]
    public async Task A_port_that_the_server_still_holds_is_asked_for_again_at_once_when_somebody_says_so()
    {
        var remote = new TunnelConfig(TunnelSpec.Parse(TunnelKind.Remote, "2121:db:1")) { AllowUsers = ["1000"] };
        var profile = Profile("a");
        await _daemon.ApplyAsync(Config(profile with { Connection = profile.Connection with { Tunnels = [remote] } }), Cancel);
        var (connection, _) = await UpAsync("a");
        await UntilAsync(() => _daemon.Tunnels.Single().Now.State == TunnelState.Listening);
        _time.Advance(TimeSpan.FromMinutes(1));
        connection.Lose("the server went away");
        await UntilAsync(() => _daemon.Find("a")!.Link.Status.State == LinkState.Restoring);
        _daemon.RetryNow(alsoFailed: true);
        var asked = 0;
        var there = new MemoryNetwork
        {
            RefuseListen = _ => Interlocked.Increment(ref asked) < 4 ? new Failure(FailureKind.Prohibited, "remote port forwarding failed") : null,
        };
        (await Script("a").NextAsync(Cancel)).Succeed(there);
        await UntilAsync(() => Volatile.Read(ref asked) > 0);
        // Time stands still: only the word of somebody can bring the next attempts.
        while (there.Listeners == 0)
        {
            Cancel.ThrowIfCancellationRequested();
            _daemon.RetryNow(alsoFailed: true);
            await Task.Yield();
        }
    }

    [Fact]
    public async Task The_start_is_over_when_all_is_up_or_has_a_cause_or_when_that_is_required_when_all_is_up()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "1001:db:1"), Profile("b") with { ExclusiveConnection = true }, Profile("later") with { ConnectOnStartup = false }), Cancel);
        await UpAsync("a");
        await UntilAsync(() => _here.Listeners == 1);
        Assert.False(Readiness.IsReached(_daemon.Runs, requireAll: false));
        (await Script("b").NextAsync(Cancel)).FailPassing();
        await UntilAsync(() => _daemon.Find("b")!.Link.Status.IsDecided);
        Assert.True(Readiness.IsReached(_daemon.Runs, requireAll: false));
        Assert.False(Readiness.IsReached(_daemon.Runs, requireAll: true));
        _daemon.RetryNow(alsoFailed: false);
        await UpAsync("b");
        Assert.True(Readiness.IsReached(_daemon.Runs, requireAll: true));
    }

    [Fact]
    public async Task A_cut_channel_ends_its_client()
    {
        await _daemon.ApplyAsync(Config(Profile("a", "1001:db:1")), Cancel);
        var (_, there) = await UpAsync("a");
        await UntilAsync(() => _here.Listeners == 1);
        await using var server = await there.ListenAsync(new Endpoint("db", 1), ListenOptions.Default, Cancel);
        await using var client = await DialAsync(1001);
        await using var far = (await server.AcceptAsync(Cancel)).Duplex;
        await client.WriteAsync("12345"u8.ToArray(), Cancel);
        Assert.Equal("12345", await ReadAsync(far));
        var channel = Assert.Single(_daemon.Runs.Single().Channels.Open);
        Assert.Equal(5, channel.Sent);
        channel.Abort();
        Assert.Equal("<Reset>", await ReadAsync(client));
        await UntilAsync(() => _daemon.Runs.Single().Channels.Open.Count == 0);
        Assert.Equal(5, _daemon.Runs.Single().Channels.Sent);
    }

    [Fact]
    public async Task Who_wants_something_during_the_end_or_after_it_hears_that_the_broker_is_stopping()
    {
        var held = new TaskCompletionSource();
        await _daemon.ApplyAsync(Config(Profile("a")), Cancel);
        var (connection, _) = await UpAsync("a");
        connection.Ending = held.Task;
        var ending = _daemon.DisposeAsync().AsTask();
        await UntilAsync(() => connection.IsDisposed);
        Assert.False(ending.IsCompleted);
        using var gone = new CancellationTokenSource();
        var during = _daemon.ApplyAsync(Config(), gone.Token);
        held.SetResult();
        await ending;
        await gone.CancelAsync();
        // Looked at before it's awaited: one that the end has forgotten would wait for ever.
        Assert.True(during.IsCompleted);
        Task[] wishes =
        [
            during,
            _daemon.ApplyAsync(Config(), Cancel),
            _daemon.ConnectAsync("a", Cancel),
            _daemon.DisconnectAsync("a", Cancel),
            _daemon.CloseConnectionAsync(1, Cancel),
            _daemon.OpenTunnelAsync("a", Tunnel("1001:db:1"), Cancel),
            _daemon.OpenTunnelAsync(Profile("server"), Tunnel("1001:db:1"), Cancel),
            _daemon.CloseTunnelAsync(1, Cancel),
        ];
        foreach (var wish in wishes)
            Assert.Equal("The broker is stopping.", (await Assert.ThrowsAsync<BrokerException>(() => wish)).Reason.Text);
    }

    [Fact]
    public async Task A_link_whose_end_is_broken_keeps_its_gateway_from_nothing()
    {
        var gate = Profile("gate");
        var inner = new ProfileConfig("inner", new ConnectionConfig { Host = "inner", Via = gate.Connection }) { ConnectOnStartup = true };
        await _daemon.ApplyAsync(Config(gate, inner), Cancel);
        var (outside, _) = await UpAsync("gate");
        (await UpAsync("inner")).Connection.Ending = Task.FromException(new InvalidOperationException("a defect"));
        Assert.Equal("a defect", (await Assert.ThrowsAsync<InvalidOperationException>(() => _daemon.DisposeAsync().AsTask())).Message);
        Assert.True(outside.IsDisposed);
        Assert.Empty(_daemon.Runs);
    }

    [Fact]
    public async Task A_broken_tunnel_keeps_its_link_from_nothing()
    {
        _here.RefuseListen = _ => throw new InvalidOperationException("a defect");
        await _daemon.ApplyAsync(Config(Profile("a", "1001:db:1")), Cancel);
        var (connection, _) = await UpAsync("a");
        Assert.Equal("a defect", (await Assert.ThrowsAsync<InvalidOperationException>(() => _daemon.DisposeAsync().AsTask())).Message);
        Assert.True(connection.IsDisposed);
        Assert.Contains(_events, e => e.Name == "tunnel.closed");
    }
}
