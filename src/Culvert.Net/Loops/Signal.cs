using System.Threading.Tasks.Sources;

namespace Culvert.Net;

/// <summary>Wakes one waiter at a time: an auto-reset event to await, without an allocation a wait. A set that nobody waits for is
/// remembered, so a waiter looks at its condition, waits, and looks again.</summary>
/// <remarks>The waiter goes on somewhere else, unless both sides agree that it goes on right here: a hop between threads costs more than most of what follows it.</remarks>
public sealed class Signal : IValueTaskSource
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private bool _set;
    private bool _waiting;
    private bool _mayGoOnHere;

    /// <summary>Waits for the next <see cref="Set"/>, or takes one that came before. One waiter at a time.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="mayGoOnHere">What follows may run within <see cref="Set"/>: it never blocks, and takes no lock that a caller of <see cref="Set"/> holds.</param>
    public ValueTask WaitAsync(CancellationToken cancellationToken, bool mayGoOnHere = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        short version;
        lock (_gate)
        {
            if (_set)
            {
                _set = false;
                return ValueTask.CompletedTask;
            }
            if (_waiting)
                throw new InvalidOperationException("One reader and one writer may use a connection at a time.");
            _core.Reset();
            _waiting = true;
            _mayGoOnHere = mayGoOnHere;
            version = _core.Version;
        }
        // The waiter has no task yet, so GetResult can't run before the registration stands.
        _registration = cancellationToken.UnsafeRegister(static (state, token) => ((Signal)state!).Cancel(token), this);
        return new ValueTask(this, version);
    }

    /// <summary>Wakes the waiter, or the next one.</summary>
    /// <param name="here">The caller holds no lock and has time: a waiter that may goes on before this returns.</param>
    public void Set(bool here = false)
    {
        lock (_gate)
        {
            if (!_waiting)
            {
                _set = true;
                return;
            }
            _waiting = false;
        }
        // Whoever took the waiter is alone with the core until its result is taken.
        _core.RunContinuationsAsynchronously = !(here && _mayGoOnHere);
        _core.SetResult(true);
    }

    private void Cancel(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_waiting)
                return;
            _waiting = false;
        }
        _core.RunContinuationsAsynchronously = true;
        _core.SetException(new OperationCanceledException(cancellationToken));
    }

    void IValueTaskSource.GetResult(short token)
    {
        // Waits for a callback that is running, so that it can't cancel a later wait.
        _registration.Dispose();
        _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
