using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Runtime;
using Culvert.TestKit.Networks;
using Culvert.Tests.Broker.Control.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker.Control;

/// <summary>How the control API ends: what is answered is answered, and nobody holds it up.</summary>
public sealed class ControlServerTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly PipesHere _pipes = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("culvert-test-").FullName;
    private readonly string _name = $"culvert-test-{Guid.NewGuid():N}";
    private readonly BrokerDaemon _daemon;
    private Func<CancellationToken, Task> _reload = _ => Task.CompletedTask;

    public ControlServerTests() =>
        _daemon = new BrokerDaemon(new BrokerServices { Here = new MemoryNetwork(), Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance, Time = _time }, _ => { });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private IControlTransport At(bool pipe)
    {
        Assert.SkipWhen(!pipe && OperatingSystem.IsWindows(), "Unix sockets are used elsewhere");
        return pipe || OperatingSystem.IsWindows() ? new PipeControlTransport(_name, _pipes) : new UnixControlTransport(Path.Combine(_folder, "broker.sock"));
    }

    private Task<ControlServer> ServeAsync(IControlTransport transport)
    {
        var actions = new ControlActions { Version = "culvert 0", ReloadAsync = token => _reload(token), Stop = () => { }, GetVerbosity = () => Verbosity.Info, SetVerbosity = _ => { } };
        return ControlServer.StartAsync(transport, new ControlApi(_daemon, actions, _time), _time, NullLogger.Instance, Cancel);
    }

    // What asks for the end is answered while it comes.
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_request_that_has_its_answer_when_the_end_comes_gets_it(bool pipe)
    {
        var transport = At(pipe);
        var server = await ServeAsync(transport);
        var ending = Task.CompletedTask;
        _reload = async token =>
        {
            ending = server.DisposeAsync().AsTask();
            // The server's end has got this far.
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        };
        using var client = new ControlClient(transport);
        var answer = await client.SendAsync(HttpMethod.Post, "v1/reload", null, Cancel);
        Assert.Contains("the configuration is in force", System.Text.Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        await ending.WaitAsync(Cancel);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_request_that_goes_on_and_on_is_cut_when_time_is_over_and_not_before(bool pipe)
    {
        var transport = At(pipe);
        var server = await ServeAsync(transport);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _reload = async token =>
        {
            await using var registration = token.Register(told.SetResult);
            begun.SetResult();
            await mayEnd.Task;
        };
        using var client = new ControlClient(transport);
        var asking = client.SendAsync(HttpMethod.Post, "v1/reload", null, Cancel);
        await begun.Task.WaitAsync(Cancel);
        var ending = server.DisposeAsync().AsTask();
        await told.Task.WaitAsync(Cancel);
        _time.Advance(ControlServer.LongestFarewell - TimeSpan.FromTicks(1));
        Assert.False(asking.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<BrokerException>(() => asking);
        mayEnd.SetResult();
        await ending.WaitAsync(Cancel);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Who_waits_for_something_to_happen_is_cut_at_once(bool pipe)
    {
        var transport = At(pipe);
        var server = await ServeAsync(transport);
        using var client = new ControlClient(transport);
        await client.GetAsync("v1/status", ControlJson.Default.StatusView, Cancel);
        var waiting = client.SendAsync(HttpMethod.Get, "v1/questions?wait=30", null, Cancel);
        await server.DisposeAsync().AsTask().WaitAsync(Cancel);
        await Assert.ThrowsAsync<BrokerException>(() => waiting);
    }
}
