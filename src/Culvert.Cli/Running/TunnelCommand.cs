using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Arguments;
using Culvert.Cli.Reporting;

namespace Culvert.Cli.Running;

/// <summary>The program's main job: connects, keeps tunnels open, shows what they do, and ends in order; with a session beside them where one is wanted.</summary>
internal static class TunnelCommand
{
    /// <summary>Runs until stopped, or until the session is over.</summary>
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
        var connection = wanted.Connection;
        await using var stage = Stage.Open(connection, wanted.LogFile, background is not null, wanted.FailureCode);
        foreach (var note in wanted.Notes)
            stage.Clients.Tell(Message.Note(note));
        try
        {
            await using var run = await TunnelRun.StartAsync(connection, stage.Services, stage.Signals.Stop).ConfigureAwait(false);
            if (background is not null && !OperatingSystem.IsWindows())
            {
                stage.LeaveTerminal();
                await stage.SettleAsync().ConfigureAwait(false);
                // Before whoever started us goes on, and may look for it.
                WriteProcessId(wanted.ProcessIdFile, stage.Clients);
                // As ssh does: in the background messages go to the log file, or with -v where they went before. What a command says, it says.
                background.Detach(keepErrors: connection.Session is not null || (connection.Verbosity >= Verbosity.Debug1 && wanted.LogFile is null), keepOutput: connection.Session is not null);
            }
            return stage.Console is null
                ? await ServeAsync(run, stage.Live, stage.Clients, stage.Signals.Stop).ConfigureAwait(false) == RunEnd.Stopped ? ExitCode.Success : wanted.FailureCode
                : await SessionCommand.RunAsync(run, connection, stage.Console, stage.Clients, stage.Screen, stage.Signals).ConfigureAwait(false);
        }
        catch (BrokerException e)
        {
            stage.Clients.Tell(e.Reason);
            return wanted.FailureCode;
        }
        catch (OperationCanceledException) when (stage.Signals.Stop.IsCancellationRequested)
        {
            return wanted.FailureCode; // stopped before anything was up
        }
    }

    private static async Task<RunEnd> ServeAsync(TunnelRun run, LiveReporter? live, ConnectedClients reporter, CancellationToken stop)
    {
        using var shown = new CancellationTokenSource();
        using var retry = RetrySignal.Register(run.RetryNow);
        var showing = live?.RunAsync(shown.Token) ?? Task.CompletedTask;
        using var tell = stop.Register(() => reporter.Tell(Message.Note("stopping: the ports are closed; what is running has a few seconds (a second signal ends at once)")));
        try
        {
            return await run.RunAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            await shown.CancelAsync().ConfigureAwait(false);
            await showing.ConfigureAwait(false);
        }
    }

    private static void WriteProcessId(string? file, ConnectedClients reporter)
    {
        if (file is null)
            return;
        try
        {
            File.WriteAllText(file, FormattableString.Invariant($"{Environment.ProcessId}\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reporter.Tell(Message.Warning($"Couldn't write the pid file {file}: {FileCause.Of(e)}"));
        }
    }
}
