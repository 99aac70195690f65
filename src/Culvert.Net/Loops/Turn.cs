namespace Culvert.Net;

/// <summary>Is told when a turn is over.</summary>
public interface ITurnEnd
{
    /// <summary>All that came in this turn was handed out; on the thread of the turn. It doesn't block.</summary>
    void OnTurnEnd();
}

/// <summary>What one thread of a network hands out at once: everything that the system had to tell. Work that gains from coming last (sending what was gathered
/// meanwhile, in one piece) is put off to the end of the turn.</summary>
public static class Turn
{
    [ThreadStatic]
    private static Queue<ITurnEnd>? t_putOff;

    [ThreadStatic]
    private static bool t_isOpen;

    /// <summary>Puts work off to the end of this thread's turn; twice put off, it's done once. False: there is no turn, and nothing was put off.</summary>
    public static bool TryPutOff(ITurnEnd work)
    {
        if (!t_isOpen)
            return false;
        if (!t_putOff!.Contains(work))
            t_putOff.Enqueue(work);
        return true;
    }

    /// <summary>A turn begins on this thread; there is none.</summary>
    internal static void Begin()
    {
        t_putOff ??= new();
        t_isOpen = true;
    }

    /// <summary>Does what was put off, and what that puts off in its turn.</summary>
    internal static void End()
    {
        while (t_putOff!.TryDequeue(out var work))
            work.OnTurnEnd();
        t_isOpen = false;
    }
}
