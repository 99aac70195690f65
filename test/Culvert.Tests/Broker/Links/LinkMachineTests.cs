using Culvert.Broker.Runtime;
using Xunit;

namespace Culvert.Tests.Broker.Links;

/// <summary>When a link is tried again, and when not: without clock, network or threads.</summary>
public sealed class LinkMachineTests
{
    private static readonly DateTimeOffset Zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly LinkFailure Passing = new(LinkFailureKind.Passing, "Connection refused");
    private static readonly LinkFailure Rejected = new(LinkFailureKind.Rejected, "Permission denied (publickey).");
    private static readonly LinkFailure WrongKey = new(LinkFailureKind.Final, "Host key verification failed.");

    private readonly LinkMachine _machine = new(Zero);
    private DateTimeOffset _now = Zero;

    private void Up()
    {
        _machine.Trying(_now);
        _machine.Up(_now);
    }

    private TimeSpan? Fail(LinkFailure failure, double chance = 0)
    {
        _machine.Trying(_now);
        return _machine.Failed(failure, _now, chance);
    }

    [Fact]
    public void Waits_double_up_to_thirty_seconds_and_chance_takes_away_up_to_half()
    {
        double[] expected = [1, 2, 4, 8, 16, 20, 20, 20];
        Assert.Equal(expected, expected.Select(_ => Fail(Passing)!.Value.TotalSeconds));
        for (var i = 0; i < 100; i++)
            Assert.InRange(Fail(Passing, i / 100.0)!.Value.TotalSeconds, 10, 20);
        Assert.Equal(LinkState.Restoring, _machine.Status.State);
        Assert.Equal("Connection refused", _machine.Status.Cause);
    }

    [Fact]
    public void A_link_that_lasted_begins_with_short_waits_again_and_one_that_died_at_once_does_not()
    {
        Up();
        _now += LinkMachine.Stable;
        Assert.Equal(1, _machine.Lost("gone", _now, 0).TotalSeconds);
        Up();
        Assert.Equal(2, _machine.Lost("gone", _now, 0).TotalSeconds);
        Up();
        Assert.Equal(4, _machine.Lost("gone", _now, 0).TotalSeconds);
        Up();
        _now += LinkMachine.Stable;
        Assert.Equal(1, _machine.Lost("gone", _now, 0).TotalSeconds);
        Assert.Equal(3, _machine.Status.Reconnects);
    }

    [Fact]
    public void A_wrong_host_key_is_final_even_when_the_link_had_worked()
    {
        Up();
        _machine.Lost("gone", _now, 0);
        Assert.Null(Fail(WrongKey));
        Assert.Equal(LinkState.Failed, _machine.Status.State);
        Assert.Equal("Host key verification failed.", _machine.Status.Cause);
        Assert.Null(_machine.Status.NextTry);
    }

    [Fact]
    public void A_login_that_never_worked_is_final()
    {
        Assert.Null(Fail(Rejected));
        Assert.Equal(LinkState.Failed, _machine.Status.State);
    }

    [Fact]
    public void A_login_that_had_worked_is_tried_slowly_and_not_for_ever()
    {
        Up();
        _machine.Lost("gone", _now, 0);
        Assert.Equal([1.0, 2, 4, 8, 10], Enumerable.Range(0, LinkMachine.RejectionsInARow).Select(_ => Fail(Rejected)!.Value.TotalMinutes));
        Assert.Null(Fail(Rejected));
        Assert.Equal(LinkState.Failed, _machine.Status.State);
    }

    [Fact]
    public void Chance_never_makes_the_wait_after_a_rejected_login_shorter()
    {
        Up();
        _machine.Lost("gone", _now, 0);
        Assert.InRange(Fail(Rejected, 0.999)!.Value, BackOff.FirstAfterRejection, BackOff.FirstAfterRejection * 1.25);
    }

    [Fact]
    public void A_server_that_punishes_is_left_alone_for_a_minute_at_least()
    {
        var punished = new LinkFailure(LinkFailureKind.Penalised, "Not allowed at this time");
        Assert.True(Fail(punished) >= TimeSpan.FromMinutes(1));
        for (var i = 0; i < 20; i++)
            Assert.InRange(Fail(punished)!.Value, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Somebody_who_asks_for_it_gets_a_new_beginning()
    {
        Fail(Rejected);
        _machine.Renew(_now);
        Assert.Equal(LinkState.New, _machine.Status.State);
        for (var i = 0; i < 6; i++)
            Fail(Passing);
        _machine.Renew(_now);
        Assert.Equal(1, Fail(Passing)!.Value.TotalSeconds);
    }

    [Fact]
    public void What_somebody_closed_stays_closed_whatever_comes_of_the_attempt_that_was_under_way()
    {
        _machine.Trying(_now);
        _machine.Disable(_now);
        Assert.Null(_machine.Failed(Passing, _now, 0));
        Assert.Equal(LinkState.Disabled, _machine.Status.State);
        _machine.Up(_now);
        Assert.Equal(LinkState.Disabled, _machine.Status.State);
    }

    [Fact]
    public void It_says_since_when_it_is_away_and_when_it_is_tried_next()
    {
        Up();
        _now += TimeSpan.FromMinutes(1);
        var lost = _now;
        _machine.Lost("gone", _now, 0);
        Assert.Equal(lost + TimeSpan.FromSeconds(1), _machine.Status.NextTry);
        _now += TimeSpan.FromSeconds(1);
        _machine.Trying(_now);
        Assert.Null(_machine.Status.NextTry);
        _machine.Failed(Passing, _now, 0);
        Assert.Equal(lost, _machine.Status.Since);
        Assert.Equal(_now + TimeSpan.FromSeconds(2), _machine.Status.NextTry);
        Assert.Equal(2, _machine.Status.FailedAttempts);
    }

    [Fact]
    public void A_question_of_a_first_attempt_loses_nothing_even_when_an_earlier_link_had_worked()
    {
        Up();
        _machine.Rest(_now);
        _machine.Trying(_now);
        _machine.Asking(_now);
        _machine.Answered(_now);
        Assert.Equal(LinkState.Connecting, _machine.Status.State);
        _machine.Up(_now);
        _machine.Lost("gone", _now, 0);
        _machine.Trying(_now);
        _machine.Asking(_now);
        _machine.Answered(_now);
        Assert.Equal((LinkState.Restoring, true), (_machine.Status.State, _machine.Status.IsUnderWay));
    }

    [Fact]
    public void What_is_tried_at_once_waits_for_no_time()
    {
        Fail(Passing);
        Assert.False(_machine.Status.IsUnderWay);
        _machine.Renew(_now);
        Assert.Null(_machine.Status.NextTry);
        Assert.True(_machine.Status.IsUnderWay);
    }

    [Fact]
    public void A_question_shows_and_its_answer_goes_on()
    {
        _machine.Trying(_now);
        _machine.Asking(_now);
        Assert.Equal(LinkState.WaitingForInput, _machine.Status.State);
        _machine.Answered(_now);
        Assert.Equal(LinkState.Connecting, _machine.Status.State);
    }
}
