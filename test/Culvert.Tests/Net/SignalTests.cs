using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Net;

public sealed class SignalTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    public async Task A_waiter_goes_on_within_the_call_that_wakes_it_only_if_both_sides_want_that(bool setHere, bool mayGoOnHere, bool expected)
    {
        var signal = new Signal();
        using var isWithin = new ThreadLocal<bool>();
        var waiting = WaitAsync();
        isWithin.Value = true;
        signal.Set(setHere);
        isWithin.Value = false;
        Assert.Equal(expected, await waiting);

        async Task<bool> WaitAsync()
        {
            await signal.WaitAsync(Stop, mayGoOnHere).ConfigureAwait(false);
            return isWithin.Value;
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
                await signal.WaitAsync(giveUp.Token, mayGoOnHere: true).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return isWithin.Value;
            }
            return true;
        }
    }
}
