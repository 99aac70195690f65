using System.Security.Cryptography;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.TestKit.Networks;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker.Control.Transport;

/// <summary>The control API on named pipes: the same requests and the same client as on a Unix socket.</summary>
public sealed class PipeTransportTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly PipesHere _pipes = new();
    private readonly string _name = $"culvert-test-{Guid.NewGuid():N}";
    private readonly BrokerDaemon _daemon;
    private readonly ControlApi _api;
    private int _requests;

    public PipeTransportTests()
    {
        var services = new BrokerServices { Here = new MemoryNetwork(), Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance, Time = _time };
        _daemon = new BrokerDaemon(services, _ => { });
        _api = new ControlApi(_daemon, new ControlActions
        {
            Version = "culvert 0",
            ReloadAsync = _ => Task.CompletedTask,
            Stop = () => { },
            GetVerbosity = () =>
            {
                Interlocked.Increment(ref _requests);
                return Verbosity.Info;
            },
            SetVerbosity = _ => { },
        }, _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PipeControlTransport Transport => new(_name, _pipes);

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    private Task<ControlServer> ServeAsync() => ControlServer.StartAsync(Transport, _api, _time, NullLogger.Instance, Cancel);

    private static async Task<string> AskAsync(ControlClient client) => (await client.GetAsync("v1/status", ControlJson.Default.StatusView, Cancel)).Version;

    [Fact]
    public async Task A_client_asks_as_often_as_it_likes_and_so_do_others()
    {
        await using var server = await ServeAsync();
        using var first = new ControlClient(Transport);
        Assert.Equal(["culvert 0", "culvert 0"], [await AskAsync(first), await AskAsync(first)]);
        var others = Enumerable.Range(0, 30).Select(_ => new ControlClient(Transport)).ToList();
        Assert.All(await Task.WhenAll(others.Select(AskAsync)), version => Assert.Equal("culvert 0", version));
        others.ForEach(other => other.Dispose());
        Assert.Equal("culvert 0", await AskAsync(first));
    }

    [Fact]
    public async Task What_the_broker_refuses_is_said_in_its_words()
    {
        await using var server = await ServeAsync();
        using var client = new ControlClient(Transport);
        var refusal = await Assert.ThrowsAsync<BrokerException>(() => client.SendAsync(HttpMethod.Post, "v1/profiles/none/connect", null, Cancel));
        Assert.Contains("none", refusal.Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_broker_is_told_that_there_is_one()
    {
        await using var server = await ServeAsync();
        var refusal = await Assert.ThrowsAsync<BrokerException>(ServeAsync);
        Assert.Equal($@"A broker runs already, and listens on \\.\pipe\{_name}.", refusal.Reason.Text);
    }

    [Fact]
    public async Task Whoever_took_the_name_in_the_meantime_keeps_it()
    {
        await using var thief = _pipes.Serve(_name, isFirst: true);
        var refusal = await Assert.ThrowsAsync<BrokerException>(() => ControlServer.StartAsync(new PipeControlTransport(_name, new PipesHere()), _api, _time, NullLogger.Instance, Cancel));
        Assert.StartsWith($@"The control socket \\.\pipe\{_name} can't be had", refusal.Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_broker_a_client_hears_so_at_once()
    {
        using var client = new ControlClient(Transport);
        var refusal = await Assert.ThrowsAsync<BrokerException>(() => AskAsync(client));
        Assert.Equal($@"No broker runs at \\.\pipe\{_name}.", refusal.Reason.Text);
    }

    [Fact]
    public async Task A_pipe_of_somebody_elses_hears_no_request()
    {
        await using var server = await ServeAsync();
        _pipes.IsBelieved = false;
        using var client = new ControlClient(Transport);
        var refusal = await Assert.ThrowsAsync<BrokerException>(() => AskAsync(client));
        Assert.Equal($@"What listens on \\.\pipe\{_name} belongs to another user, and isn't spoken to.", refusal.Reason.Text);
        Assert.Equal(0, _requests);
        _pipes.IsBelieved = true;
        await AskAsync(client);
        Assert.Equal(1, _requests);
    }

    [Fact]
    public async Task A_client_that_goes_without_a_word_leaves_the_pipe_to_the_next()
    {
        await using var server = await ServeAsync();
        for (var i = 0; i < 5; i++)
            await (await Transport.ConnectAsync(Cancel)).DisposeAsync();
        using var client = new ControlClient(Transport);
        Assert.Equal("culvert 0", await AskAsync(client));
    }

    [Fact]
    public async Task Bytes_go_both_ways_whole_and_the_client_that_goes_is_noticed()
    {
        await using var listener = await new PipeListenerFactory(_pipes).BindAsync(new NamedPipeEndPoint(_name), Cancel);
        var accepting = listener.AcceptAsync(Cancel);
        var client = _pipes.Client(_name);
        await client.ConnectAsync(Cancel);
        var connection = (await accepting)!;
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var echoing = EchoAsync(connection, sent.Length);
        var writing = client.WriteAsync(sent, Cancel);
        var received = new byte[sent.Length];
        await client.ReadExactlyAsync(received, Cancel);
        await writing;
        await echoing;
        Assert.True(sent.AsSpan().SequenceEqual(received));
        Assert.False(connection.ConnectionClosed.IsCancellationRequested);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = connection.ConnectionClosed.Register(closed.SetResult);
        await client.DisposeAsync();
        await closed.Task.WaitAsync(Cancel);
        await listener.UnbindAsync(Cancel);
        Assert.Null(await listener.AcceptAsync(Cancel));
        // Kestrel ends all at once, and what has ended by itself a moment ago is among it.
        await connection.DisposeAsync();
        connection.Abort(new ConnectionAbortedException());
    }

    private static async Task EchoAsync(ConnectionContext connection, int count)
    {
        while (count > 0)
        {
            var result = await connection.Transport.Input.ReadAsync(Cancel);
            foreach (var part in result.Buffer)
                await connection.Transport.Output.WriteAsync(part, Cancel);
            count -= (int)result.Buffer.Length;
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
        }
    }
}
