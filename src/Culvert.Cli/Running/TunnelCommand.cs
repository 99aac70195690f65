using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Arguments;
using Culvert.Cli.Logging;
using Culvert.Cli.Reporting;
using Culvert.Cli.Terminal;
using Culvert.Net.Tcp;

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
        var connection = wanted.Connection;
        using var terminal = connection.BatchMode ? null : ControllingTerminal.TryOpen(mayStop: background is null);
        using var signals = new StopSignals(() =>
        {
            terminal?.Dispose(); // puts echo right
            Environment.Exit(ExitCode.Failure);
        });
        await using var output = OpenOutput(wanted.LogFile);
        var isTerminal = wanted.LogFile is null && background is null && StandardError.IsTerminal;
        var screen = new Screen(output, isTerminal && connection.Verbosity >= Verbosity.Info, StandardError.Columns);
        var lines = new LineReporter(screen, connection.Verbosity, new Ink(isTerminal && StandardError.MayColour));
        var live = screen.IsLive ? new LiveReporter(screen, lines, TimeProvider.System) : null;
        using var log = new OpenSshLogger(screen, connection.Verbosity);
        using var prompter = terminal is null ? null : new Prompter(terminal, screen);
        IReporter reporter = live is null ? lines : live;
        var isDetached = false;
        var services = new BrokerServices
        {
            Here = new TcpNetwork(TimeProvider.System),
            Reporter = reporter,
            // In the background there is no terminal any more: what a later attempt asks, nobody answers.
            Ask = prompter is null ? null : (question, token) => isDetached ? ValueTask.FromResult<string?>(null) : prompter.AskAsync(question, token),
            LoggerFactory = log,
        };
        try
        {
            await using var run = await TunnelRun.StartAsync(connection, services, signals.Stop).ConfigureAwait(false);
            if (background is not null && !OperatingSystem.IsWindows())
            {
                isDetached = true;
                terminal?.Dispose();
                // As ssh does: in the background messages go to the log file, or with -v where they went before.
                background.Detach(keepErrors: connection.Verbosity >= Verbosity.Debug1 && wanted.LogFile is null);
            }
            return await ServeAsync(run, live, reporter, signals.Stop).ConfigureAwait(false);
        }
        catch (BrokerException e)
        {
            reporter.Tell(e.Reason);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Failure; // stopped before anything was up
        }
    }

    private static async Task<int> ServeAsync(TunnelRun run, LiveReporter? live, IReporter reporter, CancellationToken stop)
    {
        using var shown = new CancellationTokenSource();
        using var retry = RetrySignal.Register(run.RetryNow);
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

    private static Stream OpenOutput(string? logFile)
    {
        if (logFile is null)
            return StandardError.Open();
        try
        {
            return new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Couldn't open logfile {logFile}: {e.Message}", "name a file that can be written with -E");
        }
    }
}
