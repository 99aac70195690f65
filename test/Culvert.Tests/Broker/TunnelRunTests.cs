using System.Text;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker;

/// <summary>Runs over two networks in memory: here, and the far side of a link that isn't SSH.</summary>
public sealed class TunnelRunTests : IDisposable
{
    private readonly MemoryNetwork _here = new() { Owner = LocalUsers.Current };
    private readonly MemoryNetwork _there = new(MemoryNetworkOptions.Lossy);
    private readonly RecordingReporter _reporter = new();
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource<Failure> _linkLost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private TunnelRun Run(bool strict, params TunnelSpec[] specs) => Run(strict, tunnel => tunnel, specs);

    private TunnelRun Run(bool strict, Func<TunnelConfig, TunnelConfig> with, params TunnelSpec[] specs)
    {
        var config = new ConnectionConfig
        {
            Host = "server",
            AddressFamily = AddressFamilyChoice.Inet,
            ExitOnForwardFailure = strict,
            Tunnels = [.. specs.Select(spec => with(new TunnelConfig(spec)))],
        };
        var services = new BrokerServices { Here = _here, Reporter = _reporter, LoggerFactory = NullLoggerFactory.Instance, Time = _time };
        return new TunnelRun(config, services, _there, _linkLost.Task, null);
    }

    private static TunnelSpec Local(string text) => TunnelSpec.Parse(TunnelKind.Local, text);

    private static TunnelSpec Remote(string text) => TunnelSpec.Parse(TunnelKind.Remote, text);

    private static async Task<Duplex> DialAsync(MemoryNetwork network, int port)
    {
        var (duplex, failure) = await network.Connect(new Endpoint("127.0.0.1", port), ConnectOptions.Default).Outcome;
        Assert.Null(failure);
        return duplex!;
    }

    private static async Task<string> ReadLineAsync(Duplex duplex)
    {
        var text = new StringBuilder();
        var buffer = new byte[1];
        while (!text.ToString().EndsWith('\n'))
        {
            var read = await duplex.ReadAsync(buffer, Cancel);
            if (read.End != ReadEnd.None)
                return text + $"<{read.End}>";
            text.Append((char)buffer[0]);
        }
        return text.ToString();
    }

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task A_local_tunnel_carries_bytes_there_and_back_and_a_stop_with_nothing_open_cuts_nothing()
    {
        await using var server = await _there.ListenAsync(new Endpoint("db", 5432), ListenOptions.Default, Cancel);
        await using var run = Run(true, Local("1234:db:5432"));
        await run.OpenAsync(Cancel);
        Assert.Equal("ready: tcp 127.0.0.1 1234   (→ server → db:5432)", Assert.Single(_reporter.Open).ReadyLine);
        var running = run.RunAsync(_stop.Token);

        await using (var client = await DialAsync(_here, 1234))
        {
            var far = (await server.AcceptAsync(Cancel)).Duplex;
            await client.WriteAsync("ping\n"u8.ToArray(), Cancel);
            Assert.Equal("ping\n", await ReadLineAsync(far));
            await far.WriteAsync("pong\n"u8.ToArray(), Cancel);
            Assert.Equal("pong\n", await ReadLineAsync(client));
            await client.EndAsync(Cancel);
            Assert.Equal("<Ended>", await ReadLineAsync(far));
            await far.EndAsync(Cancel);
            Assert.Equal("<Ended>", await ReadLineAsync(client));
            await far.DisposeAsync();
        }
        while (_reporter.Gone.IsEmpty)
            await Task.Yield();
        await _stop.CancelAsync();
        Assert.Equal(RunEnd.Stopped, await running);
        Assert.Equal(0, _here.Listeners);
    }

    [Fact]
    public async Task A_remote_tunnel_listens_there_and_connects_here_and_says_which_port_it_got()
    {
        await using var server = await _here.ListenAsync(new Endpoint("localhost", 21), ListenOptions.Default, Cancel);
        await using var run = Run(true, Remote("0:localhost:21"));
        await run.OpenAsync(Cancel);
        var port = run.Tunnels[0].ListenEndpoints[0].Port;
        Assert.Contains(_reporter.Messages, message => message.Text == $"Allocated port {port} for remote forward to localhost:21");
        var running = run.RunAsync(_stop.Token);
        await using var client = await DialAsync(_there, port);
        await client.WriteAsync("x\n"u8.ToArray(), Cancel);
        await using var far = (await server.AcceptAsync(Cancel)).Duplex;
        Assert.Equal("x\n", await ReadLineAsync(far));
        client.Abort();
        far.Abort();
        await _stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task After_a_stop_the_port_is_closed_at_once_and_what_runs_is_cut_when_its_time_is_over()
    {
        await using var server = await _there.ListenAsync(new Endpoint("db", 5432), ListenOptions.Default, Cancel);
        await using var run = Run(true, Local("1234:db:5432"));
        await run.OpenAsync(Cancel);
        var running = run.RunAsync(_stop.Token);
        await using var client = await DialAsync(_here, 1234);
        await using var far = (await server.AcceptAsync(Cancel)).Duplex;
        await client.WriteAsync("x\n"u8.ToArray(), Cancel);
        await ReadLineAsync(far);
        await _stop.CancelAsync();
        while (_here.Listeners > 0)
            await Task.Yield();
        Assert.False(running.IsCompleted);
        await client.WriteAsync("y\n"u8.ToArray(), Cancel);
        Assert.Equal("y\n", await ReadLineAsync(far));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(RunEnd.StoppedWithCuts, await running);
        Assert.Equal("<Reset>", await ReadLineAsync(client));
    }

    [Fact]
    public async Task A_lost_link_ends_the_run_and_says_why()
    {
        await using var run = Run(true, Local("1234:db:5432"));
        await run.OpenAsync(Cancel);
        var running = run.RunAsync(_stop.Token);
        _there.Lose();
        _linkLost.SetResult(new Failure(FailureKind.NetworkLost, "Connection reset by peer"));
        Assert.Equal(RunEnd.Lost, await running);
        var message = Assert.Single(_reporter.Messages);
        Assert.Equal("Connection to server closed by remote host.", message.Text);
        Assert.Contains("Connection reset by peer", message.Hint, StringComparison.Ordinal);
        Assert.Equal(0, _here.Listeners);
    }

    [Fact]
    public async Task A_server_that_answers_no_more_is_named_as_OpenSSH_names_it()
    {
        await using var run = Run(true, Local("1234:db:5432"));
        await run.OpenAsync(Cancel);
        _linkLost.SetResult(new Failure(FailureKind.NetworkLost, "Timeout, server server not responding."));
        Assert.Equal(RunEnd.Lost, await run.RunAsync(_stop.Token));
        Assert.Equal("Timeout, server server not responding.", Assert.Single(_reporter.Messages).Text);
    }

    [Fact]
    public async Task With_a_lost_link_the_remote_listeners_death_is_not_the_reason()
    {
        await using var run = Run(true, Remote("2121:localhost:21"));
        await run.OpenAsync(Cancel);
        var running = run.RunAsync(_stop.Token);
        _there.Lose();
        _linkLost.SetResult(new Failure(FailureKind.NetworkLost, "Connection reset by peer"));
        Assert.Equal(RunEnd.Lost, await running);
        Assert.StartsWith("Connection to server closed", Assert.Single(_reporter.Messages).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_tunnel_that_cannot_be_had_stops_all_of_them()
    {
        _there.RefuseListen = _ => new Failure(FailureKind.Prohibited, "refused");
        await using (var run = Run(true, Local("1234:db:5432"), Remote("2121:localhost:21")))
        {
            var e = await Assert.ThrowsAsync<BrokerException>(() => run.OpenAsync(Cancel));
            Assert.Equal("Error: remote port forwarding failed for listen port 2121", e.Reason.Text);
            Assert.Contains("PermitListen", e.Reason.Hint, StringComparison.Ordinal);
        }
        Assert.Empty(_reporter.Open);
        Assert.Equal(0, _here.Listeners);
    }

    [Fact]
    public async Task With_ExitOnForwardFailure_no_the_others_go_on()
    {
        _there.RefuseListen = _ => new Failure(FailureKind.Prohibited, "refused");
        await using var run = Run(false, Remote("2121:localhost:21"), Local("1234:db:5432"));
        await run.OpenAsync(Cancel);
        Assert.Equal("Warning: remote port forwarding failed for listen port 2121", Assert.Single(_reporter.Messages).Text);
        Assert.Single(_reporter.Open);
    }

    [Fact]
    public async Task Strangers_are_sent_away_in_FTP_and_the_port_stays()
    {
        _here.Owner = null;
        await using var run = Run(true, Local("ftp/1234:localhost:21"));
        await run.OpenAsync(Cancel);
        var running = run.RunAsync(_stop.Token);
        for (var i = 0; i < 2; i++)
        {
            await using var client = await DialAsync(_here, 1234);
            Assert.Equal("421 the user behind this connection could not be told\r\n", await ReadLineAsync(client));
            Assert.Equal("<Ended>", await ReadLineAsync(client));
        }
        Assert.Equal(2, _reporter.Refused.Count);
        Assert.Empty(_there.Dialled);
        await _stop.CancelAsync();
        Assert.Equal(RunEnd.Stopped, await running);
    }

    [Fact]
    public async Task Strangers_who_stay_keep_nobody_out()
    {
        await using var server = await _there.ListenAsync(new Endpoint("localhost", 21), ListenOptions.Default, Cancel);
        await using var run = Run(true, Local("ftp/1234:localhost:21"));
        await run.OpenAsync(Cancel);
        var running = run.RunAsync(_stop.Token);
        _here.Owner = null;
        var strangers = new List<Duplex>();
        for (var i = 0; i < 2 * new TunnelConfig(Local("ftp/1234:localhost:21")).MaximumSessions; i++)
            strangers.Add(await DialAsync(_here, 1234));
        while (_reporter.Refused.Count < strangers.Count)
            await Task.Yield();
        var reset = 0;
        foreach (var stranger in strangers)
            reset += await ReadLineAsync(stranger) == "<Reset>" ? 1 : 0;
        Assert.Equal(strangers.Count - RunningTunnel.MaximumRefusals, reset);

        _here.Owner = LocalUsers.Current;
        await using var client = await DialAsync(_here, 1234);
        await using var served = (await server.AcceptAsync(Cancel)).Duplex;
        foreach (var stranger in strangers)
            await stranger.DisposeAsync();
        client.Abort();
        await _stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Strangers_are_reset_by_a_plain_tunnel()
    {
        _here.Owner = null;
        await using var run = Run(true, Local("1234:db:5432"));
        await run.OpenAsync(Cancel);
        var running = run.RunAsync(_stop.Token);
        await using var client = await DialAsync(_here, 1234);
        Assert.Equal("<Reset>", await ReadLineAsync(client));
        await _stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_destination_that_cannot_be_had_resets_the_client_and_is_told_with_a_hint()
    {
        await using var run = Run(true, Local("1234:db:5432"));
        await run.OpenAsync(Cancel);
        var running = run.RunAsync(_stop.Token);
        await using var client = await DialAsync(_here, 1234);
        Assert.Equal("<Reset>", await ReadLineAsync(client));
        while (_reporter.Messages.IsEmpty)
            await Task.Yield();
        Assert.Equal("tcp 127.0.0.1 1234: open failed: connect failed: Connection refused", Assert.Single(_reporter.Messages).Text);
        await _stop.CancelAsync();
        await running;
    }

    [Fact]
    public Task The_hundred_and_first_client_is_sent_away() =>
        OneMoreClientIsSentAwayAsync(tunnel => tunnel with { AllowUsers = [LocalUsers.Current.Value] }, 100, "421 too many clients: this tunnel serves 100 at once (--max-sessions)\r\n");

    [Fact]
    public Task Where_several_may_enter_half_of_the_sessions_stay_for_the_others() =>
        OneMoreClientIsSentAwayAsync(tunnel => tunnel with { AllowUsers = [LocalUsers.Current.Value, "4242"], MaximumSessions = 7 }, 4,
            "421 too many clients: this tunnel serves 4 of one user at once (--max-sessions-per-user)\r\n", anotherIsServed: true);

    [Fact]
    public Task The_sessions_of_one_user_can_be_limited() =>
        OneMoreClientIsSentAwayAsync(tunnel => tunnel with { AllowUsers = [LocalUsers.Current.Value, "4242"], MaximumSessionsPerUser = 2 }, 2,
            "421 too many clients: this tunnel serves 2 of one user at once (--max-sessions-per-user)\r\n", anotherIsServed: true);

    private async Task OneMoreClientIsSentAwayAsync(Func<TunnelConfig, TunnelConfig> with, int served, string refusal, bool anotherIsServed = false)
    {
        await using var server = await _there.ListenAsync(new Endpoint("localhost", 21), ListenOptions.Default, Cancel);
        await using var run = Run(true, with, Local("ftp/1234:localhost:21"));
        await run.OpenAsync(Cancel);
        var running = run.RunAsync(_stop.Token);
        var clients = new List<Duplex>();
        for (var i = 0; i < served; i++)
        {
            clients.Add(await DialAsync(_here, 1234));
            clients.Add((await server.AcceptAsync(Cancel)).Duplex);
        }
        await using (var oneMore = await DialAsync(_here, 1234))
            Assert.Equal(refusal, await ReadLineAsync(oneMore));
        if (anotherIsServed)
        {
            _here.Owner = new UserId("4242");
            clients.Add(await DialAsync(_here, 1234));
            clients.Add((await server.AcceptAsync(Cancel)).Duplex);
            _here.Owner = LocalUsers.Current;
        }
        // Whoever goes makes room for the next.
        clients[0].Abort(); // the client, and the server that it was led to
        clients[1].Abort();
        while (_reporter.Gone.IsEmpty)
            await Task.Yield();
        clients.Add(await DialAsync(_here, 1234));
        clients.Add((await server.AcceptAsync(Cancel)).Duplex);
        foreach (var client in clients)
        {
            client.Abort();
            await client.DisposeAsync();
        }
        await _stop.CancelAsync();
        await running;
    }
}
