namespace Culvert.Broker.Service;

/// <summary>What Windows' service control manager wants.</summary>
internal enum ServiceWish
{
    /// <summary>Nothing that concerns a broker.</summary>
    Nothing,

    /// <summary>The end: somebody stops the service, or the machine goes down.</summary>
    Stop,

    /// <summary>The configuration is to be read again.</summary>
    Reload,

    /// <summary>The machine has slept.</summary>
    Retry,

    /// <summary>To be told the state.</summary>
    Tell,

    /// <summary>Something that nobody said we would do.</summary>
    Unknown,
}

/// <summary>The codes of Windows' service control manager (winsvc.h, winuser.h). Pure.</summary>
internal static class ServiceControls
{
    // SERVICE_CONTROL_*
    private const uint Stop = 1, Interrogate = 4, Shutdown = 5, ParameterChange = 6, PowerEvent = 13, PreShutdown = 15;

    // PBT_*: woken, by a person or by itself
    private const uint ResumedByUser = 7, Resumed = 18;

    /// <summary>SERVICE_ACCEPT_STOP, _PARAMCHANGE, _POWEREVENT, _PRESHUTDOWN: the last comes before the shutdown and leaves time for transfers that run. Who is logged in (session changes)
    /// makes no difference to a broker.</summary>
    public const uint Accepted = 0x1 | 0x8 | 0x40 | 0x100;

    /// <summary>What a code means.</summary>
    /// <param name="control">The code.</param>
    /// <param name="kind">Which event of its kind it is.</param>
    public static ServiceWish Read(uint control, uint kind) => control switch
    {
        Stop or Shutdown or PreShutdown => ServiceWish.Stop,
        ParameterChange => ServiceWish.Reload,
        PowerEvent => kind is Resumed or ResumedByUser ? ServiceWish.Retry : ServiceWish.Nothing,
        Interrogate => ServiceWish.Tell,
        _ => ServiceWish.Unknown,
    };
}
