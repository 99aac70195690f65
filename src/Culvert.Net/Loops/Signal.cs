using System.Threading.Tasks.Sources;

namespace Culvert.Net;

/// <summary>Wakes one waiter at a time: an auto-reset event to await, without an allocation a wait. A set that nobody waits for is
/// remembered, so a waiter looks at its condition, waits, and looks again.</summary>
/// <remarks>Within a <see cref="Turn"/> the waiter goes on in the same turn, for a hop between threads costs more than most of what follows it; otherwise on the pool, unless its waker has time. So what follows
/// a wait must not block, and whoever has more than a moment's work, or writes to where somebody may not read, goes elsewhere first.</remarks>
public sealed class Signal : IValueTaskSource
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private bool _set;
    private bool _waiting;

    /// <summary>Waits for the next <see cref="Set"/>, or takes one that came before. One waiter at a time.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
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
            version = _core.Version;
        }
        // The waiter has no task yet, so GetResult can't run before the registration stands.
        _registration = cancellationToken.UnsafeRegister(static (state, token) => ((Signal)state!).Cancel(token), this);
        return new ValueTask(this, version);
    }

    /// <summary>Wakes the waiter, or the next one.</summary>
    /// <param name="here">The caller holds no lock and has time: the waiter goes on before this returns.</param>
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
        if (here)
            GoOn();
        else if (!Turn.TryWake(this))
            GoOn(elsewhere: true);
    }

    /// <summary>Lets the waiter go on that was taken.</summary>
    internal void GoOn(bool elsewhere = false)
    {
        _core.RunContinuationsAsynchronously = elsewhere;
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
