using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Net;

public sealed class SignalTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_waiter_goes_on_within_the_call_that_wakes_it_only_if_that_is_wanted(bool here)
    {
        var signal = new Signal();
        using var isWithin = new ThreadLocal<bool>();
        var waiting = WaitAsync();
        isWithin.Value = true;
        signal.Set(here);
        isWithin.Value = false;
        Assert.Equal(here, await waiting);

        async Task<bool> WaitAsync()
        {
            await signal.WaitAsync(Stop).ConfigureAwait(false);
            return isWithin.Value;
        }
    }

    [Fact]
    public async Task Within_a_turn_a_waiter_goes_on_in_the_same_turn_when_its_waker_is_through_and_before_what_was_put_off()
    {
        var signal = new Signal();
        var order = new List<string>();
        var waiting = WaitAsync();
        RunTurn();
        await waiting;
        Assert.Equal(["woken", "waker through", "waiter goes on", "turn ends"], order);

        void RunTurn()
        {
            Turn.Begin();
            Assert.True(Turn.TryPutOff(new Ending(order)));
            order.Add("woken");
            signal.Set();
            order.Add("waker through");
            Turn.End();
            Assert.Equal(4, order.Count);
        }

        async Task WaitAsync()
        {
            await signal.WaitAsync(Stop).ConfigureAwait(false);
            order.Add("waiter goes on");
        }
    }

    [Fact]
    public async Task Cancelling_never_runs_what_follows_within_the_cancellation()
    {
        var signal = new Signal();
        using var giveUp = new CancellationTokenSource();
        using var isWithin = new ThreadLocal<bool>();
        var waiting = WaitAsync();
        CancelHere();
        Assert.False(await waiting);

        void CancelHere()
        {
            isWithin.Value = true;
            giveUp.Cancel();
            isWithin.Value = false;
        }

        async Task<bool> WaitAsync()
        {
            try
            {
                await signal.WaitAsync(giveUp.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return isWithin.Value;
            }
            return true;
        }
    }

    private sealed class Ending(List<string> order) : ITurnEnd
    {
        public void OnTurnEnd() => order.Add("turn ends");
    }
}
