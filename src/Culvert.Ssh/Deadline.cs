namespace Culvert.Ssh;

/// <summary>A deadline over several steps that stands still while a person is asked: a stopped server must not hold us for ever, a person may think.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _source;
    private TimeSpan _left;
    private long _since;
    private int _pauses;

    /// <param name="length">What the steps may take altogether, or <see cref="Timeout.InfiniteTimeSpan"/>; the clock starts now.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public Deadline(TimeSpan length, TimeProvider time, CancellationToken cancellationToken)
    {
        _time = time;
        _left = length;
        _since = time.GetTimestamp();
        _source = new CancellationTokenSource(length, time);
        Outer = cancellationToken;
        Linked = CancellationTokenSource.CreateLinkedTokenSource(_source.Token, cancellationToken);
    }

    /// <summary>Cancelled when the time is up, or by the caller's token.</summary>
    public CancellationToken Token => Linked.Token;

    /// <summary>The time is up (and the caller did not give up himself).</summary>
    public bool IsOver => _source.IsCancellationRequested && !Outer.IsCancellationRequested;

    private CancellationToken Outer { get; }

    private CancellationTokenSource Linked { get; }

    /// <summary>Lets the clock stand still while <paramref name="ask"/> runs.</summary>
    public async ValueTask<T> PauseAsync<T>(Func<ValueTask<T>> ask)
    {
        Pause();
        try
        {
            // To ask somebody blocks, if only until his terminal takes the question; a network's loop has no time for that.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return await ask();
        }
        finally
        {
            Resume();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Linked.Dispose();
        _source.Dispose();
    }

    private void Pause()
    {
        lock (_gate)
        {
            if (_pauses++ > 0)
                return;
            if (_left == Timeout.InfiniteTimeSpan)
                return;
            var left = _left - _time.GetElapsedTime(_since);
            _left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            _source.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private void Resume()
    {
        lock (_gate)
        {
            if (--_pauses > 0)
                return;
            _since = _time.GetTimestamp();
            _source.CancelAfter(_left);
        }
    }
}
