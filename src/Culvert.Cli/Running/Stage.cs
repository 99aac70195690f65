using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Logging;
using Culvert.Cli.Reporting;
using Culvert.Cli.Terminal;
using Culvert.Net.Tcp;
using Culvert.Ssh;

namespace Culvert.Cli.Running;

/// <summary>What a run is given: signals, the terminal's questions, and where messages go.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly Stream _output;
    private readonly ITerminal? _terminal;
    private readonly OpenSshLogger _log;
    private readonly Prompter? _prompter;
    private volatile bool _hasLeft;

    private Stage(ConnectionConfig connection, Stream output, ISessionConsole? console, bool isTerminal, bool background, int failureCode)
    {
        (_output, Console) = (output, console);
        _terminal = connection.BatchMode ? null : ControllingTerminal.TryOpen(mayStop: !background);
        Signals = new StopSignals(() =>
        {
            _terminal?.Dispose(); // puts echo right
            console?.LeaveRaw();
            Environment.Exit(failureCode);
        });
        Screen = new Screen(output, isTerminal && console is null && connection.Verbosity >= Verbosity.Info, StandardError.Columns);
        var lines = new LineReporter(Screen, connection.Verbosity, new Ink(isTerminal && StandardError.MayColour));
        Live = Screen.IsLive ? new LiveReporter(Screen, lines, TimeProvider.System) : null;
        Clients = new ConnectedClients(Live is null ? lines : Live);
        _log = new OpenSshLogger(Screen, connection.Verbosity);
        _prompter = _terminal is null ? null : new Prompter(_terminal, Screen);
        Services = new BrokerServices
        {
            Here = new TcpNetwork(TimeProvider.System),
            Reporter = Clients,
            Ask = Asking(_prompter) is { } ask ? (question, token) => _hasLeft ? ValueTask.FromResult<string?>(null) : ask(question, token) : null,
            LoggerFactory = _log,
        };
    }

    /// <summary>For the broker.</summary>
    public BrokerServices Services { get; }

    /// <summary>Shows progress; null where nobody would see it.</summary>
    public LiveReporter? Live { get; }

    /// <summary>Who is connected.</summary>
    public ConnectedClients Clients { get; }

    /// <summary>Where messages are shown.</summary>
    public Screen Screen { get; }

    /// <summary>The terminal of a session; null: there is no session.</summary>
    public ISessionConsole? Console { get; }

    /// <summary>The first asks to stop, the second ends at once.</summary>
    public StopSignals Signals { get; }

    /// <summary>Sets it up.</summary>
    /// <param name="connection">How much is said, and whether questions may be asked.</param>
    /// <param name="logFile">Where messages go; null: standard error.</param>
    /// <param name="background">Whether the run leaves the terminal.</param>
    /// <param name="failureCode">The exit code of a run that is ended at once.</param>
    /// <exception cref="ConfigException">The log file can't be written.</exception>
    public static Stage Open(ConnectionConfig connection, string? logFile, bool background, int failureCode = ExitCode.Failure)
    {
        var console = connection.Session is null ? null : SessionConsole.Open();
        try
        {
            return new(connection, OpenOutput(logFile, console), console, logFile is null && !background && StandardError.IsTerminal, background, failureCode);
        }
        catch
        {
            console?.Dispose();
            throw;
        }
    }

    /// <summary>Nothing more will be asked: what a later attempt wants to know, nobody answers.</summary>
    public void LeaveTerminal()
    {
        _hasLeft = true;
        _terminal?.Dispose();
    }

    /// <summary>What was said is written, or nobody reads it.</summary>
    public Task SettleAsync() => _output is UnhurriedStream unhurried ? unhurried.SettleAsync() : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _prompter?.Dispose();
        _log.Dispose();
        Signals.Dispose();
        _terminal?.Dispose();
        Console?.Dispose();
        await _output.DisposeAsync().ConfigureAwait(false);
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
            return StandardError.OpenUnhurried(console is null ? null : errors => new CarriageReturns(errors, () => console.IsRaw));
        try
        {
            var log = new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            return log.CanSeek ? log : new UnhurriedStream(log, static _ => false, TimeProvider.System); // a pipe or a terminal, whose reader may have stopped
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Couldn't open logfile {logFile}: {FileCause.Of(e)}", "name a file that can be written with -E");
        }
    }
}
