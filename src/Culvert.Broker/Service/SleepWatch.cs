namespace Culvert.Broker.Service;

/// <summary>Notices that the machine has slept: the wall clock went on, and the monotonic one didn't.</summary>
internal static class SleepWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>More than the two clocks drift apart, and than a time server sets one right in a step as a rule. A false alarm does no harm: what waits is tried once more.</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(5);

    /// <summary>Watches until cancelled.</summary>
    /// <param name="woke">Told after a sleep.</param>
    /// <param name="time">Both clocks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(Action woke, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var (wall, monotonic) = (time.GetUtcNow(), time.GetTimestamp());
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            if (time.GetUtcNow() - wall - time.GetElapsedTime(monotonic) > Gap)
                woke();
            (wall, monotonic) = (time.GetUtcNow(), time.GetTimestamp());
        }
    }
}
