using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Arguments;
using Culvert.Cli.Logging;
using Culvert.Cli.Reporting;
using Culvert.Cli.Terminal;
using Culvert.Net.Tcp;
using Culvert.Ssh;

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
        using var console = connection.Session is null ? null : SessionConsole.Open();
        using var terminal = connection.BatchMode ? null : ControllingTerminal.TryOpen(mayStop: background is null);
        using var signals = new StopSignals(() =>
        {
            terminal?.Dispose(); // puts echo right
            console?.LeaveRaw();
            Environment.Exit(wanted.FailureCode);
        });
        await using var output = OpenOutput(wanted.LogFile, console);
        var isTerminal = wanted.LogFile is null && background is null && StandardError.IsTerminal;
        var screen = new Screen(output, isTerminal && console is null && connection.Verbosity >= Verbosity.Info, StandardError.Columns);
        var lines = new LineReporter(screen, connection.Verbosity, new Ink(isTerminal && StandardError.MayColour));
        var live = screen.IsLive ? new LiveReporter(screen, lines, TimeProvider.System) : null;
        using var log = new OpenSshLogger(screen, connection.Verbosity);
        using var prompter = terminal is null ? null : new Prompter(terminal, screen);
        var clients = new ConnectedClients(live is null ? lines : live);
        var services = new BrokerServices
        {
            Here = new TcpNetwork(TimeProvider.System),
            Reporter = clients,
            Ask = Asking(prompter),
            LoggerFactory = log,
        };
        try
        {
            await using var run = await TunnelRun.StartAsync(connection, services, signals.Stop).ConfigureAwait(false);
            if (background is not null && !OperatingSystem.IsWindows())
            {
                terminal?.Dispose();
                // As ssh does: in the background messages go to the log file, or with -v where they went before. What a command says, it says.
                background.Detach(keepErrors: connection.Session is not null || (connection.Verbosity >= Verbosity.Debug1 && wanted.LogFile is null), keepOutput: connection.Session is not null);
                WriteProcessId(wanted.ProcessIdFile, clients);
            }
            return console is null
                ? await ServeAsync(run, live, clients, signals.Stop).ConfigureAwait(false) == RunEnd.Stopped ? ExitCode.Success : wanted.FailureCode
                : await SessionCommand.RunAsync(run, connection, console, clients, screen, signals).ConfigureAwait(false);
        }
        catch (BrokerException e)
        {
            clients.Tell(e.Reason);
            return wanted.FailureCode;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return wanted.FailureCode; // stopped before anything was up
        }
    }

    private static async Task<RunEnd> ServeAsync(TunnelRun run, LiveReporter? live, ConnectedClients reporter, CancellationToken stop)
    {
        using var shown = new CancellationTokenSource();
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

    private static Ask? Asking(Prompter? prompter) => Askpass.Choose(Environment.GetEnvironmentVariable, prompter is not null) switch
    {
        Answerer.Program => Askpass.ByProgram(Environment.GetEnvironmentVariable, TimeProvider.System),
        Answerer.Terminal => prompter!.AskAsync,
        _ => null,
    };

    private static Stream OpenOutput(string? logFile, ISessionConsole? console)
    {
        if (logFile is null)
            return console is null ? StandardError.Open() : new CarriageReturns(StandardError.Open(), () => console.IsRaw);
        try
        {
            return new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Couldn't open logfile {logFile}: {e.Message}", "name a file that can be written with -E");
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
            reporter.Tell(Message.Warning($"Couldn't write the pid file {file}: {e.Message}"));
        }
    }
}
