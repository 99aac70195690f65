namespace Culvert.Ssh.Connection;

/// <summary>The shortest time an answer of the peer took: what the path itself takes, as far as was seen. Answers to global requests and to opens are
/// its samples; an open also waits for a connection behind the server, so only the minimum means anything. Thread-safe.</summary>
internal sealed class RoundTrip(TimeProvider time)
{
    /// <summary>From here on a way is long: to wait for it costs more than what is done against that. On shorter ones TCP's segments are larger, too.</summary>
    public static readonly TimeSpan LongWay = TimeSpan.FromMilliseconds(5);

    private long _shortest = long.MaxValue;

    /// <summary>Null until something was measured.</summary>
    public TimeSpan? Shortest => Interlocked.Read(ref _shortest) is var ticks && ticks == long.MaxValue ? null : TimeSpan.FromTicks(ticks);

    /// <summary>The same over a long way; null: it's short, or not known yet.</summary>
    public TimeSpan? FarAway => Shortest is { } shortest && shortest >= LongWay ? shortest : null;

    public long Start() => time.GetTimestamp();

    public void Answered(long start)
    {
        var took = time.GetElapsedTime(start).Ticks;
        long known;
        do
        {
            known = Interlocked.Read(ref _shortest);
            if (took >= known)
                return;
        }
        while (Interlocked.CompareExchange(ref _shortest, took, known) != known);
    }
}
