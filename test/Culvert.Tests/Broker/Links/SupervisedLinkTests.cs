using Culvert.Broker.Runtime;
using Culvert.Ssh;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker.Links;

public sealed class SupervisedLinkTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly LinkScript _script = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SupervisedLink _link;
    private readonly Task _running;

    public SupervisedLinkTests()
    {
        _link = new SupervisedLink(_script.ConnectAsync, _time, () => 0) { IdleTimeout = TimeSpan.FromSeconds(60) };
        _running = _link.RunAsync(_stop.Token);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private Task UntilAsync(LinkState state) => UntilAsync(status => status.State == state);

    private async Task UntilAsync(Func<LinkStatus, bool> holds)
    {
        while (true)
        {
            var changed = _link.Changed.Next;
            if (holds(_link.Status))
                return;
            await changed.WaitAsync(Cancel);
        }
    }

    [Fact]
    public async Task Nothing_connects_until_somebody_needs_it()
    {
        Assert.Equal(LinkState.New, _link.Status.State);
        Assert.Equal(0, _script.Count);
        using var hold = _link.Hold();
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
    }

    [Fact]
    public async Task It_comes_back_after_a_loss_when_its_wait_is_over_and_not_before()
    {
        using var hold = _link.Hold();
        var connection = (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
        _time.Advance(TimeSpan.FromMinutes(1));
        connection.Lose("the server went away");
        await UntilAsync(LinkState.Restoring);
        Assert.Equal("the server went away", _link.Status.Cause);
        while (!connection.IsDisposed)
            await Task.Yield();
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(1, _script.Count);
        await AdvanceUntilAttemptAsync(2);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
        Assert.Equal(1, _link.Status.Reconnects);
    }

    [Fact]
    public async Task Who_occupies_it_connects_nothing_and_keeps_what_is_up()
    {
        var occupied = _link.Occupy();
        Assert.Equal(LinkState.New, _link.Status.State);
        var connection = await UseOnceAsync();
        _time.Advance(TimeSpan.FromMinutes(10));
        await UseOnceAsync();
        Assert.Equal((1, false), (_script.Count, connection!.IsDisposed));
        occupied.Dispose();
        while (!connection.IsDisposed)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await UntilAsync(LinkState.New);

        async Task<LinkScript.Connection?> UseOnceAsync()
        {
            using var hold = _link.Hold();
            var made = _link.Status.State == LinkState.Up ? null : (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
            await UntilAsync(LinkState.Up);
            return made;
        }
    }

    [Fact]
    public async Task A_nudge_ends_the_wait_at_once()
    {
        using var hold = _link.Hold();
        for (var i = 1; i <= 6; i++)
        {
            (await _script.NextAsync(Cancel)).FailPassing();
            await UntilAsync(status => status.FailedAttempts == i % 100 && status.NextTry is not null);
            if (i < 6)
                await AdvanceUntilAttemptAsync(i + 1);
        }
        _link.RetryNow(alsoFailed: false);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
    }

    [Fact]
    public async Task A_link_that_is_up_is_asked_for_a_sign_of_life_once_at_a_time()
    {
        using var hold = _link.Hold();
        var probes = 0;
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork(), async token =>
        {
            Interlocked.Increment(ref probes);
            await answer.Task.WaitAsync(token);
        });
        await UntilAsync(LinkState.Up);
        for (var i = 0; i < 3; i++)
        {
            _link.RetryNow(alsoFailed: false);
            while (Volatile.Read(ref probes) == 0)
                await Task.Yield();
        }
        Assert.Equal(1, probes);
        answer.SetResult();
        while (Volatile.Read(ref probes) == 1)
        {
            Cancel.ThrowIfCancellationRequested();
            _link.RetryNow(alsoFailed: false);
            await Task.Yield();
        }
        Assert.Equal((LinkState.Up, 1), (_link.Status.State, _script.Count));
    }

    [Fact]
    public async Task A_rejected_login_is_not_tried_again_until_somebody_asks_for_it()
    {
        using var hold = _link.Hold();
        (await _script.NextAsync(Cancel)).Fail("user@host: Permission denied (publickey).", new SshAuthenticationException("Permission denied"));
        await UntilAsync(LinkState.Failed);
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromHours(1));
            using var another = _link.Hold();
            Assert.Equal("user@host: Permission denied (publickey)", (await _link.UpAsync(TimeSpan.FromSeconds(1), Cancel)).Failure?.Text);
        }
        _link.RetryNow(alsoFailed: false);
        Assert.Equal(1, _script.Count);
        _link.RetryNow(alsoFailed: true);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
    }

    [Fact]
    public async Task Who_waits_gets_the_connection_when_it_comes_or_hears_why_not_when_time_is_over()
    {
        using var hold = _link.Hold();
        (await _script.NextAsync(Cancel)).FailPassing();
        await UntilAsync(LinkState.Restoring);
        var early = _link.UpAsync(TimeSpan.FromMilliseconds(500), Cancel).AsTask();
        var late = _link.UpAsync(TimeSpan.FromHours(1), Cancel).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal("Connection refused", (await early).Failure?.Text);
        await AdvanceUntilAttemptAsync(2);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        Assert.NotNull((await late).Live);
    }

    [Fact]
    public async Task Closed_by_somebody_it_stays_closed_even_in_the_middle_of_an_attempt()
    {
        using var hold = _link.Hold();
        await _script.NextAsync(Cancel);
        _link.Disable();
        await UntilAsync(LinkState.Disabled);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("closed by the user", (await _link.UpAsync(TimeSpan.FromSeconds(1), Cancel)).Failure?.Text);
        Assert.Equal(1, _script.Count);
        _link.RetryNow(alsoFailed: true);
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
    }

    [Fact]
    public async Task Idle_for_long_enough_it_is_closed_and_comes_back_on_use()
    {
        var hold = _link.Hold();
        var connection = (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(LinkState.Up, _link.Status.State);
        hold.Dispose();
        while (_link.Status.State != LinkState.New)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }
        while (!connection.IsDisposed)
            await Task.Yield();
        using var again = _link.Hold();
        (await _script.NextAsync(Cancel)).Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
    }

    [Fact]
    public async Task A_question_shows_in_its_state()
    {
        using var hold = _link.Hold();
        var attempt = await _script.NextAsync(Cancel);
        attempt.Ask(true);
        Assert.Equal(LinkState.WaitingForInput, _link.Status.State);
        attempt.Ask(false);
        Assert.Equal(LinkState.Connecting, _link.Status.State);
        attempt.Succeed(new MemoryNetwork());
        await UntilAsync(LinkState.Up);
    }

    // The wait begins some steps of the scheduler after the state shows.
    private async Task AdvanceUntilAttemptAsync(int attempt)
    {
        while (_script.Count < attempt)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
    }
}
