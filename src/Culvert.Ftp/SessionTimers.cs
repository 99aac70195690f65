using Culvert.Ftp.Dialogue;

namespace Culvert.Ftp;

/// <summary>The timers of a session, of which each is started again and again. For one caller at a time.</summary>
/// <param name="options">How long each runs.</param>
/// <param name="time">The clock.</param>
/// <param name="post">Told when one has run out.</param>
internal sealed class SessionTimers(FtpRelayOptions options, TimeProvider time, Action<PathEvent> post)
{
    /// <summary>A server whose client has gone gets so long to close the session.</summary>
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(30);

    /// <summary>So long waits a data path that was made ahead: a client in the middle of many files asks at once, and vsftpd gives connections a minute.</summary>
    private static readonly TimeSpan PrefetchLimit = TimeSpan.FromSeconds(20);

    /// <summary>A verdict that was sent together with the server's last byte is here within this time, whoever of their two readers comes first. Short, because a server that
    /// waits for our end loses it.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromMilliseconds(5);

    private readonly Dictionary<TimerKind, ITimer> _timers = [];
    private readonly HashSet<TimerKind> _begunLines = [];

    /// <summary>Starts a timer of the session, for the time that the options give it.</summary>
    public void Arm(TimerKind kind) => Arm(kind, Duration(kind));

    /// <summary>Starts a timer of the session.</summary>
    public void Arm(TimerKind kind, TimeSpan after)
    {
        if (!_timers.TryGetValue(kind, out var timer))
        {
            timer = time.CreateTimer(_ => post(new PathEvent.TimerElapsed(0, kind)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timers.Add(kind, timer);
        }
        timer.Change(after, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A line that was begun must be ended in time; the next one has its own time.</summary>
    public void WatchLine(TimerKind kind, bool begun)
    {
        if (begun ? _begunLines.Add(kind) : _begunLines.Remove(kind))
            Arm(kind, begun ? Duration(kind) : Timeout.InfiniteTimeSpan);
    }

    /// <summary>How long a timer runs.</summary>
    public TimeSpan Duration(TimerKind kind) => kind switch
    {
        TimerKind.UploadHold => options.UploadHold,
        TimerKind.End => EndLimit,
        TimerKind.Verdict => options.VerdictTimeout,
        TimerKind.Abort => options.AbortTimeout,
        TimerKind.Stall => options.StallTimeout,
        TimerKind.Grace => options.ShutdownGrace,
        TimerKind.Login => options.LoginTimeout,
        TimerKind.PartialLine => options.LineTimeout,
        TimerKind.PartialReply => options.ReplyLineTimeout,
        TimerKind.Idle => options.IdleTimeout,
        TimerKind.Prefetch => PrefetchLimit,
        _ => FarewellLimit,
    };

    /// <summary>The session is over: none runs any more, nor is about to tell, when this returns.</summary>
    public async ValueTask StopAsync()
    {
        foreach (var timer in _timers.Values)
            await timer.DisposeAsync().ConfigureAwait(false);
    }
}
