using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.TestKit.Networks;
using Culvert.Tests.Broker.Service;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Tests.Broker.Links;

/// <summary>The link of a command with <c>--reconnect</c>.</summary>
public sealed class LastingLinkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_sleep_it_tries_at_once_instead_of_waiting_to_the_end(bool sleeps)
    {
        var (time, script) = (new TwoClocks(), new LinkScript());
        var services = new BrokerServices { Here = new MemoryNetwork(), Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance, Time = time };
        var network = new MemoryNetwork();
        var first = new LinkScript.Connection(network);
        await using var link = new LastingLink(new ConnectionConfig { Host = "gate" }, new LiveLink(network, first.Closed.Task, first), script.ConnectAsync, services);
        time.Advance(TimeSpan.FromMinutes(1));
        first.Lose("the server went away");
        while (script.Count == 0)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
        // The server punishes: the next attempt is a long time away.
        (await script.NextAsync(Cancel)).Fail("Not allowed at this time", new SshConnectionException(new Failure(FailureKind.NetworkLost, "Not allowed at this time")));
        for (var i = 0; i < 100; i++)
            await Task.Yield();
        if (sleeps)
            time.WallOnly += TimeSpan.FromHours(8);
        // As long as the watch looks away; the wait lasts longer. Who slept does try, however long the machine takes to let it.
        for (var i = 0; (sleeps || i < 100) && script.Count == 1; i++)
        {
            Cancel.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromMilliseconds(i < 100 ? 200 : 0));
            for (var j = 0; j < 50; j++)
                await Task.Yield();
        }
        Assert.Equal(sleeps ? 2 : 1, script.Count);
    }
}
