using Culvert.Broker.Config;
using Culvert.Broker.Runtime.Upkeep;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>The link of a command that runs on its own and shall survive losses: it's up when this is made, and supervised from then on. After the machine has slept,
/// what waits is tried at once.</summary>
internal sealed class LastingLink : IAsyncDisposable
{
    private readonly SupervisedLink _link;
    private readonly IDisposable _hold;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<Failure> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private readonly Task _watching;

    /// <summary>Takes over a connection.</summary>
    /// <param name="config">What is wanted.</param>
    /// <param name="first">The connection that is there.</param>
    /// <param name="connect">Makes the next one.</param>
    /// <param name="services">The clock, and who is told.</param>
    public LastingLink(ConnectionConfig config, LiveLink first, LinkConnector connect, BrokerServices services)
    {
        _link = new SupervisedLink(connect, services.Time, Chance.Next, first) { OnChange = (before, after) => Changed(config, services.Reporter, before, after) };
        _hold = _link.Hold();
        Network = new LinkNetwork(_link, config.RestoreWait, services.Time);
        _running = RunAsync();
        _watching = SleepWatch.RunAsync(RetryNow, services.Time, _stop.Token);
    }

    /// <summary>The far side, whichever connection leads there.</summary>
    public INetwork Network { get; }

    /// <summary>Completes when no further attempt is made, with the reason.</summary>
    public Task<Failure> Failed => _failed.Task;

    /// <summary>Tries now, if it isn't up.</summary>
    public void RetryNow() => _link.RetryNow(alsoFailed: false);

    /// <summary>Ends it in order.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _hold.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await _link.RunAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // A defect: it ends the run, which finds it in here.
            _failed.TrySetException(e);
            throw;
        }
    }

    private void Changed(ConnectionConfig config, IReporter reporter, LinkStatus before, LinkStatus after)
    {
        switch (after.State)
        {
            case LinkState.Restoring when before.State == LinkState.Up:
                reporter.Tell(LinkMessages.Restoring(config, after.Cause ?? ""));
                break;
            case LinkState.Restoring when after.NextTry is { } next && before.State is LinkState.Restoring or LinkState.WaitingForInput:
                reporter.Tell(LinkMessages.StillAway(config, after.Cause ?? "", next - after.Since));
                break;
            case LinkState.Up when after.Reconnects > before.Reconnects:
                reporter.Tell(LinkMessages.Back(config));
                break;
            case LinkState.Failed:
                _failed.TrySetResult(new Failure(FailureKind.NetworkLost, after.Cause ?? ""));
                break;
        }
    }
}
