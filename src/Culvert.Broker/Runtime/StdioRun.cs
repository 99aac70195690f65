using Culvert.Broker.Config;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>One connection through SSH for whoever holds its near end (<c>-W</c>).</summary>
public static class StdioRun
{
    /// <summary>Connects, logs in, connects to the destination, and carries bytes until both halves have ended and all is delivered.</summary>
    /// <param name="config">The SSH server; its tunnels aren't opened.</param>
    /// <param name="to">The destination, as the server's side resolves it.</param>
    /// <param name="near">The near end; disposed when this returns.</param>
    /// <param name="services">Network, reporter, clock.</param>
    /// <param name="stop">Breaks the connection.</param>
    /// <returns>Stopped: each half ended in order, and the server has passed on all. StoppedWithCuts: <paramref name="stop"/> was cancelled, or an end broke. Lost: the link did.</returns>
    /// <exception cref="BrokerException">The server or the destination can't be had.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the destination was there.</exception>
    public static async Task<RunEnd> RunAsync(ConnectionConfig config, Endpoint to, Duplex near, BrokerServices services, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(near);
        ArgumentNullException.ThrowIfNull(services);
        await using var owned = near.ConfigureAwait(false);
        var link = await SshLink.ConnectAsync(config, services, stop).ConfigureAwait(false);
        await using var ended = link.ConfigureAwait(false);
        var dial = link.Network.Connect(to, ConnectOptions.Default);
        using var abort = stop.Register(dial.Abort);
        var (far, failure) = await dial.Outcome.ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        if (far is null)
            throw new BrokerException(ForwardMessages.StdioFailed(config.Host, to, failure!));
        await using var there = far.ConfigureAwait(false);
        try
        {
            var (up, down) = await Relay.RunAsync(near, far, services.Time, stop).ConfigureAwait(false);
            if (up.Source == ReadEnd.Ended && down.Source == ReadEnd.Ended)
            {
                // The last bytes may still lie here or at the server, which forgets them when the link ends. As with ssh, a destination that doesn't read is waited for.
                if (await link.DrainAsync(stop).ConfigureAwait(false))
                    return RunEnd.Stopped;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return RunEnd.StoppedWithCuts;
        }
        if (!link.Closed.IsCompleted)
            return RunEnd.StoppedWithCuts;
        services.Reporter.Tell(LinkMessages.Lost(config, await link.Closed.ConfigureAwait(false)));
        return RunEnd.Lost;
    }
}
