using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Cli.Logging;
using Culvert.Cli.Reporting;
using Culvert.Cli.Terminal;
using Culvert.Net.Tcp;

namespace Culvert.Cli.Running;

/// <summary>What a run is given: signals, the terminal's questions, and where messages go.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly Stream _output;
    private readonly ITerminal? _terminal;
    private readonly StopSignals _signals;
    private readonly OpenSshLogger _log;
    private readonly Prompter? _prompter;

    private Stage(ConnectionConfig connection, Stream output, bool isTerminal, bool background)
    {
        _output = output;
        _terminal = connection.BatchMode ? null : ControllingTerminal.TryOpen(mayStop: !background);
        _signals = new StopSignals(() =>
        {
            _terminal?.Dispose(); // puts echo right
            Environment.Exit(ExitCode.Failure);
        });
        var screen = new Screen(output, isTerminal && connection.Verbosity >= Verbosity.Info, StandardError.Columns);
        var lines = new LineReporter(screen, connection.Verbosity, new Ink(isTerminal && StandardError.MayColour));
        Live = screen.IsLive ? new LiveReporter(screen, lines, TimeProvider.System) : null;
        _log = new OpenSshLogger(screen, connection.Verbosity);
        _prompter = _terminal is null ? null : new Prompter(_terminal, screen);
        Services = new BrokerServices
        {
            Here = new TcpNetwork(TimeProvider.System),
            Reporter = Live is null ? lines : Live,
            Ask = _prompter is null ? null : _prompter.AskAsync,
            LoggerFactory = _log,
        };
    }

    /// <summary>For the broker.</summary>
    public BrokerServices Services { get; }

    /// <summary>Shows progress; null where nobody would see it.</summary>
    public LiveReporter? Live { get; }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _signals.Stop;

    /// <summary>Sets it up.</summary>
    /// <param name="connection">How much is said, and whether questions may be asked.</param>
    /// <param name="logFile">Where messages go; null: standard error.</param>
    /// <param name="background">Whether the run leaves the terminal.</param>
    /// <exception cref="ConfigException">The log file can't be written.</exception>
    public static Stage Open(ConnectionConfig connection, string? logFile, bool background) =>
        new(connection, OpenOutput(logFile), logFile is null && !background && StandardError.IsTerminal, background);

    /// <summary>Nothing more will be asked.</summary>
    public void LeaveTerminal() => _terminal?.Dispose();

    public async ValueTask DisposeAsync()
    {
        _prompter?.Dispose();
        _log.Dispose();
        _signals.Dispose();
        _terminal?.Dispose();
        await _output.DisposeAsync().ConfigureAwait(false);
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
