namespace Culvert.Broker.Runtime;

/// <summary>Decides what a link's state is and when it's tried again. Pure: it's told what happened and when, and asks nobody. For one caller at a time.</summary>
/// <remarks><code>
/// New ──needed──► Connecting ◄──► WaitingForInput
///  ▲                  │ up              lost, or failed for a reason that may pass
///  └──idle── Up ◄─────┴──────── Restoring ◄──┐
///            └───────────lost──────►└────────┘   rejected, wrong key ──► Failed
/// any ──closed by somebody──► Disabled ──opened──► New
/// </code></remarks>
internal sealed class LinkMachine(DateTimeOffset created)
{
    /// <summary>A login that had worked before is tried so often after it was rejected: 1 + 2 + 4 + 8 + 10 minutes outlast a restart of a directory server.</summary>
    public const int RejectionsInARow = 5;

    /// <summary>A link that lasted so long works: the next loss is a new story. One that dies sooner waits longer each time, since each attempt is a login.</summary>
    public static readonly TimeSpan Stable = TimeSpan.FromSeconds(30);

    private bool _hasWorked;
    private LinkState _beforeQuestion = LinkState.Connecting;
    private int _rejections;
    private int _failures;
    private int _reconnects;

    /// <summary>How things stand.</summary>
    public LinkStatus Status { get; private set; } = new(LinkState.New, created);

    /// <summary>An attempt begins.</summary>
    public void Trying(DateTimeOffset now) => Status = Status.State == LinkState.Restoring
        ? Status with { NextTry = null }
        : new LinkStatus(LinkState.Connecting, now) { FailedAttempts = _failures, Reconnects = _reconnects };

    /// <summary>The attempt waits for an answer.</summary>
    public void Asking(DateTimeOffset now)
    {
        _beforeQuestion = Status.State;
        Status = Status with { State = LinkState.WaitingForInput, Since = now };
    }

    /// <summary>It has one, or will get none: what went on before goes on.</summary>
    public void Answered(DateTimeOffset now) => Status = Status with { State = _beforeQuestion, Since = now };

    /// <summary>It works. What somebody closed meanwhile stays closed.</summary>
    public void Up(DateTimeOffset now)
    {
        if (Status.State == LinkState.Disabled)
            return;
        if (_hasWorked)
            _reconnects++;
        _hasWorked = true;
        _rejections = 0;
        Status = new LinkStatus(LinkState.Up, now) { Reconnects = _reconnects };
    }

    /// <summary>It worked, and was lost.</summary>
    /// <returns>How long to wait before it's tried again.</returns>
    public TimeSpan Lost(string cause, DateTimeOffset now, double chance)
    {
        if (now - Status.Since >= Stable)
            _failures = 0;
        return Restore(cause, now, BackOff.AfterFailure(_failures++, chance), since: now);
    }

    /// <summary>An attempt failed.</summary>
    /// <returns>How long to wait before the next one; null when there shall be none.</returns>
    public TimeSpan? Failed(LinkFailure failure, DateTimeOffset now, double chance)
    {
        if (Status.State == LinkState.Disabled)
            return null;
        var since = Status.State == LinkState.Restoring ? Status.Since : now;
        switch (failure.Kind)
        {
            case LinkFailureKind.Passing:
                return Restore(failure.Cause, now, BackOff.AfterFailure(_failures++, chance), since);
            case LinkFailureKind.Penalised:
                return Restore(failure.Cause, now, BackOff.AfterRejection(_failures++, chance), since);
            case LinkFailureKind.Rejected when _hasWorked && _rejections < RejectionsInARow:
                _failures++;
                return Restore(failure.Cause, now, BackOff.AfterRejection(_rejections++, chance), since);
            default:
                _failures++;
                Status = new LinkStatus(LinkState.Failed, now) { Cause = failure.Cause, FailedAttempts = _failures, Reconnects = _reconnects };
                return null;
        }
    }

    /// <summary>Somebody asked for an attempt now, whatever happened before: what failed for good begins anew, and the waits are short again.</summary>
    public void Renew(DateTimeOffset now)
    {
        (_failures, _rejections) = (0, 0);
        if (Status.State is LinkState.Failed or LinkState.Disabled)
            Status = new LinkStatus(LinkState.New, now) { Reconnects = _reconnects };
        else if (Status.State == LinkState.Restoring)
            Status = Status with { NextTry = null }; // it's now
    }

    /// <summary>Nobody needs it any more.</summary>
    public void Rest(DateTimeOffset now) => Status = new LinkStatus(LinkState.New, now) { Reconnects = _reconnects };

    /// <summary>Somebody closed it.</summary>
    public void Disable(DateTimeOffset now) => Status = new LinkStatus(LinkState.Disabled, now) { Cause = "closed by the user", Reconnects = _reconnects };

    private TimeSpan Restore(string cause, DateTimeOffset now, TimeSpan delay, DateTimeOffset since)
    {
        Status = new LinkStatus(LinkState.Restoring, since) { Cause = cause, NextTry = now + delay, FailedAttempts = _failures, Reconnects = _reconnects };
        return delay;
    }
}
