using System.Runtime.InteropServices;

namespace Culvert.Cli.Running;

/// <summary>Ctrl-C and kill. The first asks everything to stop in order; the second ends the program at once, when what must be put right
/// (the terminal's echo) has been.</summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>More than Windows waits.</summary>
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly ManualResetEventSlim _ended = new();
    private readonly Action _endAtOnce;
    private int _count;

    /// <summary>Begins to listen.</summary>
    /// <param name="endAtOnce">Ends the program.</param>
    /// <param name="hangUpStops">SIGHUP is one of them; a daemon gives it another meaning.</param>
    public StopSignals(Action endAtOnce, bool hangUpStops = true)
    {
        _endAtOnce = endAtOnce;
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM, .. hangUpStops ? (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGHUP] : []])
            _registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>The first signal's name, without <c>SIG</c>.</summary>
    public string First { get; private set; } = "TERM";

    /// <summary>What a signal does; its own method so that it can be tested.</summary>
    public void Count()
    {
        if (Interlocked.Increment(ref _count) > 1)
            _endAtOnce();
        else
            _stop.Cancel();
    }

    public void Dispose()
    {
        _ended.Set();
        foreach (var registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (!_stop.IsCancellationRequested)
            First = context.Signal switch { PosixSignal.SIGINT => "INT", PosixSignal.SIGHUP => "HUP", _ => "TERM" };
        Count();
        // Windows ends a program whose terminal closes, or whose machine goes down, when it has been told: it waits for us, some seconds at most.
        if (OperatingSystem.IsWindows() && context.Signal is PosixSignal.SIGHUP or PosixSignal.SIGTERM)
            _ended.Wait(LongestFarewell);
    }
}
