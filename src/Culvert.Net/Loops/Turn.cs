using System.Diagnostics;

namespace Culvert.Net;

/// <summary>Is told when a turn is over.</summary>
public interface ITurnEnd
{
    /// <summary>All that came in this turn was handed out, and whoever it woke has gone on as far as he could; on the thread of the turn. It doesn't block.</summary>
    void OnTurnEnd();
}

/// <summary>What one thread of a network hands out at once: everything that the system had to tell. Whoever is woken by it goes on within the turn, on this thread; work that
/// gains from coming last (sending what was gathered meanwhile, in one piece) is put off to its end.</summary>
public static class Turn
{
    [ThreadStatic]
    private static Queue<Signal>? t_woken;

    [ThreadStatic]
    private static Queue<ITurnEnd>? t_putOff;

    [ThreadStatic]
    private static Queue<ITurnEnd>? t_last;

    [ThreadStatic]
    private static bool t_isOpen, t_givesWay;

    [ThreadStatic]
    private static int t_holdsFor;

    /// <summary>A sender makes a piece in less. Whoever keeps the processor for longer is one of many, or works at something else …</summary>
    private static readonly TimeSpan LongestWay = TimeSpan.FromMilliseconds(0.5);

    /// <summary>… and for so many turns that might give way, none does.</summary>
    private const int TurnsHeld = 256;

    /// <summary>Puts work off to the end of this thread's turn; twice put off, it's done once. False: there is no turn, and nothing was put off.</summary>
    public static bool TryPutOff(ITurnEnd work) => TryPutOff(work, t_putOff);

    /// <summary>As <see cref="TryPutOff(ITurnEnd)"/>, behind all that others put off: for what their work may make needless.</summary>
    internal static bool TryPutOffToTheLast(ITurnEnd work) => TryPutOff(work, t_last);

    private static bool TryPutOff(ITurnEnd work, Queue<ITurnEnd>? queue)
    {
        if (!t_isOpen)
            return false;
        if (!queue!.Contains(work))
            queue.Enqueue(work);
        return true;
    }

    /// <summary>This turn brought a piece of a stream. When it's over, a sender that waits for this processor gets it before the next turn, and makes more of the stream meanwhile:
    /// there are fewer turns then, and CPU time falls by an eighth (measured). Where nobody waits, it costs nothing.</summary>
    internal static void GiveWay() => t_givesWay = true;

    /// <summary>The waiter of a signal goes on later in this turn, when whoever woke him is through and holds no lock. False: there is no turn.</summary>
    internal static bool TryWake(Signal signal)
    {
        if (!t_isOpen)
            return false;
        t_woken!.Enqueue(signal);
        return true;
    }

    /// <summary>A turn begins on this thread; there is none.</summary>
    internal static void Begin()
    {
        t_woken ??= new();
        t_putOff ??= new();
        t_last ??= new();
        t_isOpen = true;
    }

    /// <summary>Lets those go on who were woken, then does what was put off, and so with what comes of that.</summary>
    internal static void End()
    {
        while (true)
        {
            if (t_woken!.TryDequeue(out var signal))
                signal.GoOn();
            else if (t_putOff!.TryDequeue(out var work) || t_last!.TryDequeue(out work))
                work.OnTurnEnd();
            else
                break;
        }
        t_isOpen = false;
        if (t_givesWay && --t_holdsFor < 0)
            Yield();
        t_givesWay = false;
    }

    private static void Yield()
    {
        var since = Stopwatch.GetTimestamp();
        Thread.Yield();
        t_holdsFor = Stopwatch.GetElapsedTime(since) > LongestWay ? TurnsHeld : 0;
    }
}
