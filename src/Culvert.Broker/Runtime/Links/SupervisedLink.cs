using Culvert.Net;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>A connection that is up.</summary>
/// <param name="Network">Its far side.</param>
/// <param name="Closed">Completes with the reason when it's lost; never faults.</param>
/// <param name="Resources">Ends it.</param>
internal sealed record LiveLink(INetwork Network, Task<Failure> Closed, IAsyncDisposable Resources)
{
    /// <summary>The SSH connection, for what two ends agreed upon; null: it's something else.</summary>
    public SshConnection? Ssh { get; init; }

    /// <summary>Finds out whether it still works, and ends it when it doesn't; null: it can't.</summary>
    public Func<CancellationToken, Task>? Probe { get; init; }
}

/// <summary>Makes a connection.</summary>
/// <param name="asking">Told true while a question waits for its answer, and false afterwards.</param>
/// <param name="cancellationToken">Gives up.</param>
/// <exception cref="BrokerException">It couldn't be done.</exception>
internal delegate ValueTask<LiveLink> LinkConnector(Action<bool> asking, CancellationToken cancellationToken);

/// <summary>A link that is kept up as long as somebody holds it. The shell around <see cref="LinkMachine"/>: connects when that says so, and waits as long
/// as it says. Thread-safe; <see cref="RunAsync"/> has one caller.</summary>
internal sealed class SupervisedLink
{
    private readonly Lock _gate = new();
    private readonly LinkMachine _machine;
    private readonly LinkConnector _connect;
    private readonly TimeProvider _time;
    private readonly Func<double> _chance;
    private readonly Broadcast _nudge = new();
    private LiveLink? _first;
    private CancellationTokenSource? _attempt;
    private volatile LiveLink? _live;
    private volatile LinkStatus _status;
    private int _holders;
    private int _occupants;
    private bool _isOver;
    private bool _atOnce;
    private bool _isDoubted;

    /// <param name="connect">Makes a connection.</param>
    /// <param name="time">All waits.</param>
    /// <param name="chance">From 0 up to 1, for the jitter.</param>
    /// <param name="first">A connection that is there already; null: none. Owned from now on.</param>
    public SupervisedLink(LinkConnector connect, TimeProvider time, Func<double> chance, LiveLink? first = null)
    {
        (_connect, _time, _chance, _first) = (connect, time, chance, first);
        _machine = new LinkMachine(time.GetUtcNow());
        _status = _machine.Status;
    }

    /// <summary>How things stand.</summary>
    public LinkStatus Status => _status;

    /// <summary>Happens after each change of <see cref="Status"/>.</summary>
    public Broadcast Changed { get; } = new();

    /// <summary>Happens each time that somebody wants an attempt now, whether the link is up or not: what waits on top of it goes on at once.</summary>
    public Broadcast Retries { get; } = new();

    /// <summary>Told of each change, on whatever task it happens; quick, and never throwing.</summary>
    public Action<LinkStatus, LinkStatus>? OnChange { get; init; }

    /// <summary>Nobody held or occupied it for so long: it's closed. Zero: it stays.</summary>
    public TimeSpan IdleTimeout { get; init; }

    /// <summary>What is up now; null: nothing is.</summary>
    public LiveLink? Live => _live;

    /// <summary>Keeps it up until the holder is disposed. Several may.</summary>
    public IDisposable Hold()
    {
        Interlocked.Increment(ref _holders);
        _nudge.Send();
        return new Holder(this);
    }

    /// <summary>Once it's up it counts as used until the occupant is disposed; nobody connects it for that. What a port on this machine does that somebody may come to.</summary>
    public IDisposable Occupy()
    {
        Interlocked.Increment(ref _occupants);
        return new Holder(this, isOccupant: true);
    }

    /// <summary>Tries now, if it isn't up; asks for a sign of life, if it is. What failed for good or was closed begins anew.</summary>
    /// <param name="alsoFailed">Whether it does.</param>
    public void RetryNow(bool alsoFailed)
    {
        bool isDue;
        lock (_gate)
        {
            _isDoubted = _status.State == LinkState.Up;
            isDue = _status.State switch
            {
                LinkState.Up or LinkState.Connecting or LinkState.WaitingForInput => false,
                LinkState.Failed or LinkState.Disabled => alsoFailed,
                _ => true,
            };
            _atOnce = isDue && _status.State == LinkState.Restoring;
        }
        if (isDue)
            Change(static (machine, now) => machine.Renew(now));
        Retries.Send();
        _nudge.Send();
    }

    /// <summary>Closes it, and keeps it closed until <see cref="RetryNow"/>.</summary>
    public void Disable()
    {
        var attempt = Change((machine, now) =>
        {
            machine.Disable(now);
            return _attempt;
        });
        // Not under the lock: what waits for the cancellation may go on right here.
        attempt?.Cancel();
        _nudge.Send();
    }

    /// <summary>Waits until it's up.</summary>
    /// <param name="patience">How long.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The connection, or why there is none: it failed for good, was closed, or time ran out.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<(LiveLink? Live, Failure? Failure)> UpAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var hold = Hold();
        using var deadline = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        while (true)
        {
            var changed = Changed.Next;
            if (_live is { Closed.IsCompleted: false } live)
                return (live, null);
            if (_isOver || _status.State is LinkState.Failed or LinkState.Disabled)
                return (null, WhyNot());
            try
            {
                await changed.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return (null, WhyNot());
            }
        }
    }

    /// <summary>Keeps it up until <paramref name="stop"/> is cancelled; then ends it in order.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var nudge = _nudge.Next;
                if (_first is null && !IsWanted)
                {
                    await nudge.WaitAsync(stop).ConfigureAwait(false);
                    continue;
                }
                if (await AttendAsync(stop).ConfigureAwait(false) is { } delay)
                    await PauseAsync(delay, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // That is how it ends.
        }
        finally
        {
            _isOver = true;
            if (_first is { } unused)
                await unused.Resources.DisposeAsync().ConfigureAwait(false);
            Changed.Send();
        }
    }

    private bool IsWanted => Volatile.Read(ref _holders) > 0 && _status.State is not (LinkState.Failed or LinkState.Disabled);

    // One attempt and, when it succeeds, the life of the connection. Returns how long to wait before the next one; null: until somebody nudges.
    private async Task<TimeSpan?> AttendAsync(CancellationToken stop)
    {
        var live = _first;
        if (live is null)
        {
            Change(static (machine, now) => machine.Trying(now));
            try
            {
                live = await ConnectAsync(stop).ConfigureAwait(false);
            }
            catch (BrokerException e)
            {
                var failure = LinkFailure.Of(e);
                return Change((machine, now) => machine.Failed(failure, now, _chance()));
            }
            if (live is null)
                return null; // disabled meanwhile
        }
        _first = null;
        await using (live.Resources.ConfigureAwait(false))
        {
            _live = live;
            Change(static (machine, now) => machine.Up(now));
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var probing = ProbeAsync(live, over.Token);
            try
            {
                await UntilOverAsync(live, stop).ConfigureAwait(false);
            }
            finally
            {
                _live = null;
                await over.CancelAsync().ConfigureAwait(false);
                await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            if (live.Closed.IsCompleted && _status.State == LinkState.Up)
            {
                var cause = (await live.Closed.ConfigureAwait(false)).Text;
                if (Volatile.Read(ref _holders) > 0)
                    return Change((machine, now) => machine.Lost(cause, now, _chance()));
            }
            if (_status.State == LinkState.Up)
                Change(static (machine, now) => machine.Rest(now));
            return null;
        }
    }

    // Null: somebody closed it meanwhile.
    private async Task<LiveLink?> ConnectAsync(CancellationToken stop)
    {
        var giveUp = new CancellationTokenSource(); // holds nothing that must be disposed, and may be cancelled until the last moment
        await using var onStop = stop.Register(giveUp.Cancel).ConfigureAwait(false);
        lock (_gate)
        {
            if (_status.State == LinkState.Disabled)
                return null;
            _attempt = giveUp;
        }
        try
        {
            return await _connect(Asking, giveUp.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            lock (_gate)
                _attempt = null;
        }
    }

    // Until it's lost, closed by somebody, or idle for too long.
    private async Task UntilOverAsync(LiveLink live, CancellationToken stop)
    {
        var idleSince = _time.GetTimestamp();
        while (!live.Closed.IsCompleted && _status.State == LinkState.Up)
        {
            var nudge = _nudge.Next;
            var isUsed = Volatile.Read(ref _holders) > 0 || Volatile.Read(ref _occupants) > 0;
            if (isUsed || IdleTimeout <= TimeSpan.Zero)
            {
                await Task.WhenAny(live.Closed, nudge).WaitAsync(stop).ConfigureAwait(false);
                idleSince = _time.GetTimestamp();
                continue;
            }
            var left = IdleTimeout - _time.GetElapsedTime(idleSince);
            if (left <= TimeSpan.Zero)
                return;
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny(live.Closed, nudge, Task.Delay(left, _time, over.Token)).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
        }
    }

    // Each time that somebody doubts it, it must show that it works. One question at a time; a doubt that comes during one is the next.
    private async Task ProbeAsync(LiveLink live, CancellationToken over)
    {
        while (live.Probe is not null)
        {
            var next = Retries.Next;
            await (Doubts() ? live.Probe(over) : next.WaitAsync(over)).ConfigureAwait(false);
        }
    }

    private bool Doubts()
    {
        lock (_gate)
        {
            var isDoubted = _isDoubted;
            _isDoubted = false;
            return isDoubted;
        }
    }

    private async Task PauseAsync(TimeSpan delay, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var passed = Task.Delay(delay, _time, over.Token);
        while (true)
        {
            var nudge = _nudge.Next;
            if (MayGoOn())
                break;
            if (await Task.WhenAny(passed, nudge).ConfigureAwait(false) == passed)
                break;
        }
        stop.ThrowIfCancellationRequested();
        await over.CancelAsync().ConfigureAwait(false);
        // Nobody needs it any more; the wait was over first, so that who comes again and again isn't a way around it.
        if (_status.State == LinkState.Restoring && Volatile.Read(ref _holders) == 0)
            Change(static (machine, now) => machine.Rest(now));
    }

    private bool MayGoOn()
    {
        lock (_gate)
        {
            var atOnce = _atOnce;
            _atOnce = false;
            return atOnce || _status.State != LinkState.Restoring;
        }
    }

    private void Asking(bool asks) => Change((machine, now) =>
    {
        if (asks && machine.Status.State is LinkState.Connecting or LinkState.Restoring)
            machine.Asking(now);
        else if (!asks && machine.Status.State == LinkState.WaitingForInput)
            machine.Answered(now);
    });

    private void Change(Action<LinkMachine, DateTimeOffset> change) => Change<object?>((machine, now) =>
    {
        change(machine, now);
        return null;
    });

    private T Change<T>(Func<LinkMachine, DateTimeOffset, T> change)
    {
        T result;
        LinkStatus before, after;
        lock (_gate)
        {
            before = _status;
            result = change(_machine, _time.GetUtcNow());
            after = _status = _machine.Status;
        }
        if (before != after)
        {
            OnChange?.Invoke(before, after);
            Changed.Send();
        }
        return result;
    }

    private Failure WhyNot()
    {
        var status = _status;
        return new Failure(FailureKind.NetworkLost, status.Cause ?? (_isOver ? "culvert is stopping" : "it is not up yet"));
    }

    private void Release(bool isOccupant)
    {
        if (isOccupant)
            Interlocked.Decrement(ref _occupants);
        else
            Interlocked.Decrement(ref _holders);
        _nudge.Send();
    }

    private sealed class Holder(SupervisedLink link, bool isOccupant = false) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
                link.Release(isOccupant);
        }
    }
}
