using Culvert.Broker.Runtime.Upkeep;
using Xunit;

namespace Culvert.Tests.Broker.Service;

public sealed class SleepWatchTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0, false)] // nothing happened
    [InlineData(3, 0, false)] // a clock was set right
    [InlineData(3600, 0, true)] // a sleep that the monotonic clock left out: Linux, macOS
    [InlineData(0, 3600, true)] // one that it counted: Windows
    public async Task A_sleep_is_noticed_whether_the_monotonic_clock_counts_it_or_not(int wallOnly, int late, bool expected)
    {
        var time = new TwoClocks();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var woke = 0;
        var watching = SleepWatch.RunAsync(() => woke++, time, stop.Token);
        time.WallOnly += TimeSpan.FromSeconds(wallOnly);
        // The timer rings once, however late.
        time.Advance(TimeSpan.FromSeconds(10 + late));
        for (var i = 0; i < 20; i++)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            for (var j = 0; j < 50; j++)
                await Task.Yield();
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        Assert.Equal(expected ? 1 : 0, woke);
    }
}
