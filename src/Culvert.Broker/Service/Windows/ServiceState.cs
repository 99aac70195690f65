using System.Runtime.InteropServices;

namespace Culvert.Broker.Service;

/// <summary>Where a service is in its life.</summary>
internal enum ServicePhase : uint
{
    /// <summary>Gone.</summary>
    Stopped = 1,

    /// <summary>On its way up.</summary>
    Starting = 2,

    /// <summary>On its way down.</summary>
    Stopping = 3,

    /// <summary>There.</summary>
    Running = 4,
}

/// <summary>What Windows' service control manager is told: SERVICE_STATUS, field by field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct ServiceState
{
    /// <summary>SERVICE_WIN32_OWN_PROCESS.</summary>
    private const uint OwnProcess = 0x10;

    /// <summary>ERROR_SERVICE_SPECIFIC_ERROR: the code behind it is ours.</summary>
    private const uint OwnError = 1066;

    /// <summary>For the way up: the configuration is read and ports are opened. For the way down: the grace of sessions, and the farewell to servers.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private ServiceState(ServicePhase phase, uint step, int exitCode)
    {
        Kind = OwnProcess;
        Phase = phase;
        Accepts = phase == ServicePhase.Running ? ServiceControls.Accepted : 0;
        ExitCode = exitCode == 0 ? 0 : OwnError;
        OwnExitCode = (uint)exitCode;
        Step = step;
        WaitMilliseconds = IsOnItsWay(phase) ? (uint)Patience.TotalMilliseconds : 0;
    }

    /// <summary>dwServiceType.</summary>
    public uint Kind { get; }

    /// <summary>dwCurrentState.</summary>
    public ServicePhase Phase { get; }

    /// <summary>dwControlsAccepted.</summary>
    public uint Accepts { get; }

    /// <summary>dwWin32ExitCode.</summary>
    public uint ExitCode { get; }

    /// <summary>dwServiceSpecificExitCode.</summary>
    public uint OwnExitCode { get; }

    /// <summary>dwCheckPoint: grows while it is on its way, else 0.</summary>
    public uint Step { get; }

    /// <summary>dwWaitHint.</summary>
    public uint WaitMilliseconds { get; }

    /// <summary>The first state.</summary>
    public static ServiceState First { get; } = new(ServicePhase.Starting, 1, 0);

    /// <summary>The state after this one. Nothing leads back: what is stopped stays stopped, and what stops doesn't start.</summary>
    /// <param name="phase">Where it is now.</param>
    /// <param name="exitCode">What it ended with; other than 0 is a failure, after which the manager does what it was told to do.</param>
    public ServiceState To(ServicePhase phase, int exitCode = 0)
    {
        var isBack = Phase == ServicePhase.Stopped || (Phase == ServicePhase.Stopping && phase is ServicePhase.Running or ServicePhase.Starting);
        return isBack ? this : new ServiceState(phase, IsOnItsWay(phase) ? (phase == Phase ? Step + 1 : 1) : 0, exitCode);
    }

    private static bool IsOnItsWay(ServicePhase phase) => phase is ServicePhase.Starting or ServicePhase.Stopping;
}
