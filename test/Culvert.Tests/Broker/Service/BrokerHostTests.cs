using System.Net.Sockets;
using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.Broker.Service;
using Culvert.TestKit.Networks;
using Culvert.Tests.Broker.Links;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker.Service;

/// <summary>What a broker tells the service manager and its log, and when.</summary>
public sealed class BrokerHostTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly LinkScript _script = new();
    private readonly Manager _manager = new();
    private readonly WatchedStream _told = new();
    private readonly AuditLog _log;
    private readonly string _folder = Directory.CreateTempSubdirectory("culvert-host-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private BrokerConfig _config = new() { Profiles = [new ProfileConfig("a", new ConnectionConfig { Host = "gate" }) { ConnectOnStartup = true }] };

    public BrokerHostTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the socket is a Unix one here");
        _log = new AuditLog(AuditFormat.Text, null, _told, _time) { IsJournalStream = false };
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Log => System.Text.Encoding.UTF8.GetString(_told.ToArray());

    public ValueTask DisposeAsync()
    {
        _stop.Dispose();
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private BrokerHost Host(string? processIdFile = null) => new(
        new BrokerHostOptions { Load = () => _config, Socket = Path.Combine(_folder, "broker.sock"), Version = "culvert 0", ProcessIdFile = processIdFile },
        new BrokerServices { Here = new MemoryNetwork(), Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance, Time = _time },
        _log, _manager, (_, _) => _script.ConnectAsync);

    // Started, and told to be ready. Its connection ends as the task does.
    private async Task<Task> RunAsync(BrokerHost host, Task ending)
    {
        await host.StartAsync(Cancel);
        var running = host.RunAsync(_stop.Token);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork()).Ending = ending;
        await host.Ready.WaitAsync(Cancel);
        return running;
    }

    [Fact]
    public async Task A_reload_during_the_start_does_not_make_it_ready()
    {
        await using var host = Host();
        await host.StartAsync(Cancel);
        var running = host.RunAsync(_stop.Token);
        var attempt = await _script.NextAsync(Cancel);
        await host.ReloadAsync(Cancel);
        Assert.DoesNotContain(_manager.Words, word => word is "READY" or "RELOADING");
        attempt.Succeed(new MemoryNetwork());
        await host.Ready.WaitAsync(Cancel);
        await host.ReloadAsync(Cancel);
        Assert.Equal(["READY", "RELOADING", "READY"], _manager.Words);
        await _stop.CancelAsync();
        await running;
        Assert.True(await host.EndAsync());
        Assert.Equal(["READY", "RELOADING", "READY", "STOPPING"], _manager.Words);
    }

    [Fact]
    public async Task A_reload_during_the_end_or_after_it_is_left_out()
    {
        var held = new TaskCompletionSource();
        await using var host = Host();
        var running = await RunAsync(host, held.Task);
        await _stop.CancelAsync();
        await running;
        var ending = host.EndAsync();
        Assert.False(ending.IsCompleted);
        var during = host.ReloadAsync(Cancel);
        Assert.Equal(["READY", "STOPPING"], _manager.Words);
        await Assert.ThrowsAsync<BrokerException>(() => during);
        held.SetResult();
        Assert.True(await ending);
        await Assert.ThrowsAsync<BrokerException>(() => host.ReloadAsync(Cancel));
        Assert.Equal(["READY", "STOPPING"], _manager.Words);
        Assert.DoesNotContain("broker.reloaded", Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reload_that_is_done_during_the_end_does_not_make_it_ready()
    {
        var held = new TaskCompletionSource();
        await using var host = Host();
        var running = await RunAsync(host, held.Task);
        _config = new BrokerConfig();
        var reloading = host.ReloadAsync(Cancel);
        await _stop.CancelAsync();
        await running;
        var ending = host.EndAsync();
        held.SetResult();
        await reloading;
        Assert.True(await ending);
        Assert.Equal(["READY", "RELOADING", "STOPPING"], _manager.Words);
        Assert.Contains("broker.reloaded", Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_defect_at_the_end_is_told_and_leaves_nothing_behind()
    {
        var (socket, processId) = (Path.Combine(_folder, "broker.sock"), Path.Combine(_folder, "pid"));
        await using var host = Host(processId);
        var running = await RunAsync(host, Task.FromException(new InvalidOperationException("a defect")));
        await _stop.CancelAsync();
        await running;
        Assert.True(File.Exists(socket) && File.Exists(processId));
        Assert.Equal("a defect", (await Assert.ThrowsAsync<InvalidOperationException>(host.EndAsync)).Message);
        Assert.False(File.Exists(socket) || File.Exists(processId));
        Assert.Contains("broker.stopped", Log, StringComparison.Ordinal);
        // Nor does it hold the place.
        await using var next = Host();
        await next.StartAsync(Cancel);
    }

    [Fact]
    public async Task A_broker_that_does_not_start_because_another_runs_leaves_no_word_in_the_log_of_having_started()
    {
        await using var first = Host();
        await first.StartAsync(Cancel);
        Assert.Contains("broker.started", Log, StringComparison.Ordinal);
        _told.SetLength(0);
        await using (var second = Host())
            Assert.StartsWith("A broker runs already", (await Assert.ThrowsAsync<BrokerException>(() => second.StartAsync(Cancel))).Reason.Text, StringComparison.Ordinal);
        Assert.Equal("", Log);
    }

    [Fact]
    public async Task The_socket_goes_last_so_that_whoever_waits_for_it_finds_the_log_written_and_the_process_id_gone()
    {
        var (socket, processId) = (Path.Combine(_folder, "broker.sock"), Path.Combine(_folder, "pid"));
        var seen = new List<(bool Socket, bool ProcessId)>();
        _told.Written += text =>
        {
            if (text.Contains("broker.stopped", StringComparison.Ordinal))
                seen.Add((File.Exists(socket), File.Exists(processId)));
        };
        await using var host = Host(processId);
        await host.StartAsync(Cancel);
        Assert.Equal(FormattableString.Invariant($"{Environment.ProcessId}\n"), await File.ReadAllTextAsync(processId, Cancel));
        Assert.True(await host.EndAsync());
        Assert.Equal([(true, false)], seen);
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public async Task A_broker_that_starts_in_the_moment_in_which_another_lets_go_waits_for_it()
    {
        Task starting;
        await using var host = Host();
        // As an ending broker leaves it for that moment: no socket any more, and the place still held.
        await using (new FileStream(Path.Combine(_folder, "broker.sock.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            starting = host.StartAsync(Cancel);
            Assert.False(starting.IsCompleted);
        }
        await starting;
        Assert.True(File.Exists(Path.Combine(_folder, "broker.sock")));
    }

    [Fact]
    public async Task A_broker_that_cuts_its_clients_off_is_still_there()
    {
        var path = Path.Combine(_folder, "broker.sock");
        using var client = new ControlClient(path);
        Assert.False(await client.IsServedAsync(Cancel));
        using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
            var served = client.IsServedAsync(Cancel);
            (await listener.AcceptAsync(Cancel)).Dispose();
            Assert.True(await served);
        }
        Assert.False(await client.IsServedAsync(Cancel));
    }

    [Fact]
    public async Task A_process_id_file_that_cannot_be_removed_is_told_and_keeps_nothing_from_its_end()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "run"));
        await using var host = Host(Path.Combine(folder.FullName, "pid"));
        await host.StartAsync(Cancel);
        folder.Delete(recursive: true);
        Assert.True(await host.EndAsync());
        Assert.Contains("run/pid can't be removed: ", Log, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "broker.sock")));
    }

    [Fact]
    public async Task A_process_id_file_that_cannot_be_written_ends_the_start_and_leaves_no_socket()
    {
        await using (var host = Host(Path.Combine(_folder, "none", "pid")))
            Assert.Contains("none/pid: ", (await Assert.ThrowsAsync<IOException>(() => host.StartAsync(Cancel))).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder, "*.sock"));
    }

    [Fact]
    public async Task A_file_that_is_no_socket_is_not_taken_away()
    {
        var path = Path.Combine(_folder, "broker.sock");
        await File.WriteAllTextAsync(path, "somebody's work", Cancel);
        await using var host = Host();
        Assert.Contains("is a file, and no control socket", (await Assert.ThrowsAsync<BrokerException>(() => host.StartAsync(Cancel))).Reason.Text, StringComparison.Ordinal);
        Assert.Equal("somebody's work", await File.ReadAllTextAsync(path, Cancel));
    }

    [Fact]
    public async Task Of_several_that_start_at_once_over_a_socket_that_was_left_behind_one_runs()
    {
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            left.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "broker.sock")));
        var hosts = Enumerable.Range(0, 8).Select(_ => Host()).ToList();
        var started = await Task.WhenAll(hosts.Select(async host =>
        {
            await Task.Yield();
            try
            {
                await host.StartAsync(Cancel);
                return true;
            }
            catch (BrokerException)
            {
                return false;
            }
        }));
        Assert.Single(started, one => one);
        using var client = new ControlClient(Path.Combine(_folder, "broker.sock"));
        Assert.Equal("culvert 0", (await client.GetAsync("v1/status", ControlJson.Default.StatusView, Cancel)).Version);
        foreach (var host in hosts)
            await host.DisposeAsync();
    }

    private sealed class WatchedStream : MemoryStream
    {
        public event Action<string>? Written;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer);
            Written?.Invoke(System.Text.Encoding.UTF8.GetString(buffer));
        }
    }

    private sealed class Manager : ServiceManager
    {
        public List<string> Words { get; } = [];

        public override void Ready(string status) => Say("READY");

        public override void Status(string status)
        {
        }

        public override void Reloading(long monotonicMicroseconds) => Say("RELOADING");

        public override void Stopping() => Say("STOPPING");

        public override void Alive()
        {
        }

        private void Say(string word)
        {
            lock (Words)
                Words.Add(word);
        }
    }
}
