namespace Culvert.Broker.Runtime;

/// <summary>How long to wait before the next attempt. Pure: chance is handed in, as a number from 0 up to, but not including, 1.</summary>
internal static class BackOff
{
    /// <summary>The longest wait after a loss. With the login that follows, on a machine that has much to do, it's half a minute: who repairs a server doesn't want to wait longer
    /// for its clients.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>The first wait after a rejected login: longer than any penalty that sshd gives for one (PerSourcePenalties, 5 s).</summary>
    public static readonly TimeSpan FirstAfterRejection = TimeSpan.FromMinutes(1);

    /// <summary>The longest wait after a rejected login, which is the longest penalty that sshd collects (PerSourcePenalties max).</summary>
    public static readonly TimeSpan LongestAfterRejection = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    /// <summary>After an attempt that failed for a reason that may pass: 1, 2, 4 … 20 s, of which up to a half is left out by chance, so that
    /// many clients of one server don't come all at once.</summary>
    /// <param name="failures">Attempts that failed before; at least 0.</param>
    /// <param name="chance">From 0 up to 1.</param>
    public static TimeSpan AfterFailure(int failures, double chance) => Doubled(First, failures, Longest) * (1 - (chance / 2));

    /// <summary>After a rejected login that had worked before: 1, 2, 4 … 10 min, and up to a quarter more by chance. Never less: a server counts.</summary>
    /// <param name="rejections">Logins that were rejected before; at least 0.</param>
    /// <param name="chance">From 0 up to 1.</param>
    public static TimeSpan AfterRejection(int rejections, double chance) => Doubled(FirstAfterRejection, rejections, LongestAfterRejection) * (1 + (chance / 4));

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan longest)
    {
        // Beyond the cap more doublings change nothing, and shifting further would overflow.
        var factor = 1L << Math.Min(times, 20);
        return first * factor < longest ? first * factor : longest;
    }
}
