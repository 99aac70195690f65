using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Arguments;
using Culvert.Cli.Reporting;

namespace Culvert.Cli.Running;

/// <summary>The program's main job: connects, keeps tunnels open, shows what they do, and ends in order.</summary>
internal static class TunnelCommand
{
    /// <summary>Runs until stopped.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">What was asked for can't be meant on this machine.</exception>
    public static async Task<int> RunAsync(Invocation.Tunnels wanted, IReadOnlyList<string> words)
    {
        if (!wanted.Background)
            return await RunAsync(wanted, (Background?)null).ConfigureAwait(false);
        if (OperatingSystem.IsWindows())
            throw new ConfigException("option -f is not supported on Windows", "start culvert with: start /b culvert ...");
        using var background = Background.OfThisProcess();
        return background is null ? await Background.RunChildAsync(words).ConfigureAwait(false) : await RunAsync(wanted, background).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(Invocation.Tunnels wanted, Background? background)
    {
        await using var stage = Stage.Open(wanted.Connection, wanted.LogFile, background is not null);
        var (reporter, stop) = (stage.Services.Reporter, stage.Stop);
        try
        {
            await using var run = await TunnelRun.StartAsync(wanted.Connection, stage.Services, stop).ConfigureAwait(false);
            if (background is not null && !OperatingSystem.IsWindows())
            {
                stage.LeaveTerminal();
                // As ssh does: in the background messages go to the log file, or with -v where they went before.
                background.Detach(keepErrors: wanted.Connection.Verbosity >= Verbosity.Debug1 && wanted.LogFile is null);
            }
            return await ServeAsync(run, stage.Live, reporter, stop).ConfigureAwait(false);
        }
        catch (BrokerException e)
        {
            reporter.Tell(e.Reason);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Failure; // stopped before anything was up
        }
    }

    private static async Task<int> ServeAsync(TunnelRun run, LiveReporter? live, IReporter reporter, CancellationToken stop)
    {
        using var shown = new CancellationTokenSource();
        var showing = live?.RunAsync(shown.Token) ?? Task.CompletedTask;
        using var tell = stop.Register(() => reporter.Tell(Message.Note("stopping: the ports are closed; what is running has a few seconds (a second signal ends at once)")));
        try
        {
            return await run.RunAsync(stop).ConfigureAwait(false) == RunEnd.Stopped ? ExitCode.Success : ExitCode.Failure;
        }
        finally
        {
            await shown.CancelAsync().ConfigureAwait(false);
            await showing.ConfigureAwait(false);
        }
    }
}
