namespace Culvert.Broker.Runtime.Upkeep;

/// <summary>Notices that the machine has slept. Where the monotonic clock leaves sleep out (Linux, macOS), the wall clock has gone on and it hasn't; where it counts it (Windows),
/// the timer rings far too late.</summary>
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
            var elapsed = time.GetElapsedTime(monotonic);
            if (time.GetUtcNow() - wall - elapsed > Gap || elapsed - Interval > Gap)
                woke();
            (wall, monotonic) = (time.GetUtcNow(), time.GetTimestamp());
        }
    }
}
