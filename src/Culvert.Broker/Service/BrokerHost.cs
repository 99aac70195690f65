using System.Diagnostics;
using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Metrics;
using Culvert.Broker.Runtime;
using Culvert.Broker.Runtime.Upkeep;

namespace Culvert.Broker.Service;

/// <summary>What a broker's run is to do.</summary>
public sealed record BrokerHostOptions
{
    /// <summary>Reads the configuration, at the start and at each reload.</summary>
    public required Func<BrokerConfig> Load { get; init; }

    /// <summary>The file that it comes from, as it's shown; null: several, or none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The connection to a server that no profile names, from <c>[user@]server[#port]</c>; null: only profiles are connected.</summary>
    public Func<string, ProfileConfig>? ForServer { get; init; }

    /// <summary>The control socket.</summary>
    public required string Socket { get; init; }

    /// <summary>The file that holds the process id while the broker runs; null: none.</summary>
    public string? ProcessIdFile { get; init; }

    /// <summary>The version, as it's shown.</summary>
    public required string Version { get; init; }

    /// <summary>Ready only when all that starts is up, instead of when it's up or has failed.</summary>
    public bool RequireAll { get; init; }

    /// <summary>A link that's lost, or fails, ends the broker: whoever started it acts.</summary>
    public bool ExitOnLoss { get; init; }

    /// <summary>The port on loopback where a Prometheus reads metrics; null: none.</summary>
    public int? MetricsPort { get; init; }

    /// <summary>The collector to which metrics are sent; null: none.</summary>
    public OtlpOptions? Otlp { get; init; }

    /// <summary>How much is logged; may change while it runs.</summary>
    public Func<Verbosity> GetVerbosity { get; init; } = () => Verbosity.Info;

    /// <summary>Sets how much is logged.</summary>
    public Action<Verbosity> SetVerbosity { get; init; } = _ => { };
}

/// <summary>A broker's run, from its start to its end: the tunnels, the control socket, the service manager, and the log. Thread-safe.</summary>
public sealed class BrokerHost : IAsyncDisposable
{
    private readonly BrokerHostOptions _options;
    private readonly BrokerServices _services;
    private readonly AuditLog _log;
    private readonly ServiceManager _manager;
    private readonly BrokerDaemon _daemon;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MetricCollector? _collector;
    private readonly SemaphoreSlim _reloading = new(1, 1); // never disposed of: a request may end late
    private readonly Lock _telling = new();
    private ControlServer? _server;
    private bool _hasStarted;
    private volatile bool _isOver;
    private MetricsServer? _metrics;
    private ProcessIdFile? _processId;

    /// <param name="options">What it's to do.</param>
    /// <param name="services">This machine.</param>
    /// <param name="log">Where events go; owned by the caller.</param>
    /// <param name="manager">Who is told how things are.</param>
    public BrokerHost(BrokerHostOptions options, BrokerServices services, AuditLog log, ServiceManager manager)
        : this(options, services, log, manager, connector: null)
    {
    }

    internal BrokerHost(BrokerHostOptions options, BrokerServices services, AuditLog log, ServiceManager manager, Func<ProfileConfig, BrokerServices, LinkConnector>? connector)
    {
        (_options, _log, _manager) = (options, log, manager);
        _daemon = new BrokerDaemon(services, log.Write, connector);
        _services = services;
        // From the first moment on: what is counted before isn't counted.
        if (options.MetricsPort is not null || options.Otlp is not null)
            _collector = new MetricCollector(_daemon.Activity.Meters.Meter);
    }

    /// <summary>Completes when the service manager has been told that the start is over.</summary>
    public Task Ready => _ready.Task;

    /// <summary>The tunnels.</summary>
    internal BrokerDaemon Daemon => _daemon;

    /// <summary>Whether a configuration can be meant, as far as that can be told without opening anything.</summary>
    /// <exception cref="ConfigException">It can't; every mistake has a line.</exception>
    public static void Check(BrokerConfig config) => Wishes.Check(config);

    /// <summary>Opens what is to be open at the start, and the control socket.</summary>
    /// <exception cref="ConfigException">The configuration can't be meant.</exception>
    /// <exception cref="BrokerException">The control socket can't be had.</exception>
    /// <exception cref="IOException">The process-id file can't be written.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var config = _options.Load();
        _log.Reopen(config.Logging);
        foreach (var note in config.Notes)
            _log.WriteLine(note);
        var api = new ControlApi(_daemon, new ControlActions
        {
            Version = _options.Version,
            ConfigFile = _options.ConfigFile,
            ForServer = _options.ForServer,
            ReloadAsync = ReloadAsync,
            Stop = Stop,
            GetVerbosity = _options.GetVerbosity,
            SetVerbosity = _options.SetVerbosity,
        }, _services.Time);
        _server = await ControlServer.StartAsync(ControlSocket.At(_options.Socket), api, _services.Time, _services.LoggerFactory.CreateLogger("Culvert.Broker"), cancellationToken).ConfigureAwait(false);
        // Not before: another broker may run here, and write into the same log.
        _hasStarted = true;
        _daemon.Activity.Happened(AuditNames.BrokerStarted, AuditSeverity.Notice, ("version", _options.Version), ("pid", Environment.ProcessId), ("config", _options.ConfigFile));
        if (_options.MetricsPort is { } port)
            _metrics = await MetricsServer.StartAsync(port, () => PrometheusText.Write(_collector!.Collect()), cancellationToken).ConfigureAwait(false);
        await _daemon.ApplyAsync(config, cancellationToken).ConfigureAwait(false);
        _processId = ProcessIdFile.Write(_options.ProcessIdFile, _log.WriteLine);
    }

    /// <summary>Serves until stopped, asked to stop, or broken; or until a link is lost, when that shall end it.</summary>
    /// <returns>Why it ended, when a link did it; null after a stop.</returns>
    /// <exception cref="Exception">A defect.</exception>
    public async Task<string?> RunAsync(CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var stopped = Task.Delay(Timeout.InfiniteTimeSpan, _services.Time, over.Token);
        var losing = _options.ExitOnLoss ? LostAsync(over.Token) : Task.FromResult<string?>(null);
        Task[] duties = [ExportAsync(over.Token), TellReadyAsync(over.Token), WatchdogAsync(over.Token), SleepWatch.RunAsync(HaveWoken, _services.Time, over.Token)];
        try
        {
            Task[] ends = [stopped, _asked.Task, _daemon.Broken, .. _options.ExitOnLoss ? (Task[])[losing] : []];
            var first = await Task.WhenAny(ends).ConfigureAwait(false);
            if (first == _daemon.Broken)
                await first.ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll([.. duties, losing]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return losing.IsCompletedSuccessfully ? await losing.ConfigureAwait(false) : null;
    }

    /// <summary>Reads the configuration again and applies it: all of it, or nothing. Opens the log anew in any case.</summary>
    /// <exception cref="ConfigException">It can't be meant; nothing has changed.</exception>
    /// <exception cref="BrokerException">A port can't be had, or the end has begun; nothing has changed.</exception>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        // One after the other, or an older file could come into force after a newer one.
        await _reloading.WaitAsync(cancellationToken).ConfigureAwait(false);
        // While it starts nothing is ready, and a reload doesn't make it so.
        var tells = _ready.Task.IsCompleted;
        try
        {
            // The kernel's monotonic clock, which is what the runtime's timestamps are made of on Linux.
            if (tells)
                TellUntilEnd(() => _manager.Reloading((long)Stopwatch.GetElapsedTime(0).TotalMicroseconds));
            _log.Reopen(_daemon.Config.Logging);
            var config = _options.Load();
            _log.Check(config.Logging);
            await _daemon.ApplyAsync(config, cancellationToken).ConfigureAwait(false);
            _log.Reopen(config.Logging);
            foreach (var note in config.Notes)
                _log.WriteLine(note);
            _daemon.Activity.Happened(AuditNames.BrokerReloaded, AuditSeverity.Notice, ("profiles", config.Profiles.Count), ("result", "complete"));
        }
        catch (Exception e) when (e is ConfigException or BrokerException or IOException or UnauthorizedAccessException)
        {
            // During the end it's left out, which is no error.
            if (!_isOver)
                _daemon.Activity.Happened(AuditNames.BrokerReloaded, AuditSeverity.Error, ("result", "failed"), ("cause", e.Message.ReplaceLineEndings("; ")));
            if (e is ConfigException or BrokerException)
                throw;
            throw new BrokerException(Message.Error($"The log can't be opened: {e.Message}", "name a file that the broker may write"), e);
        }
        finally
        {
            if (tells)
                TellUntilEnd(() => _manager.Ready(Summary()));
            _reloading.Release();
        }
    }

    /// <summary>Tries everything now that waits to be tried.</summary>
    public void RetryNow() => _daemon.RetryNow(alsoFailed: true);

    /// <summary>The machine has slept: what waits to be tried is tried now. What has failed stays so.</summary>
    public void HaveWoken() => _daemon.RetryNow(alsoFailed: false);

    /// <summary>Ends the run.</summary>
    public void Stop() => _asked.TrySetResult();

    /// <summary>Ends all in order.</summary>
    /// <returns>Whether nothing was cut.</returns>
    /// <exception cref="Exception">A defect; all the same, nothing is left behind.</exception>
    public async Task<bool> EndAsync()
    {
        await DisposeAsync().ConfigureAwait(false);
        return !_daemon.HasCut;
    }

    /// <summary>Ends all in order.</summary>
    /// <exception cref="Exception">A defect; all the same, nothing is left behind.</exception>
    public async ValueTask DisposeAsync()
    {
        var ending = new Ending();
        lock (_telling)
        {
            if (_isOver)
                return;
            _isOver = true;
            ending.Take(_manager.Stopping);
        }
        await ending.TakeAsync(_daemon.DisposeAsync).ConfigureAwait(false);
        if (_metrics is not null)
            await ending.TakeAsync(_metrics.DisposeAsync).ConfigureAwait(false);
        ending.Take(() => _collector?.Dispose());
        ending.Take(() => _processId?.Dispose());
        if (_hasStarted)
            ending.Take(() => _daemon.Activity.Happened(AuditNames.BrokerStopped, AuditSeverity.Notice, ("pid", Environment.ProcessId)));
        // Last: whoever waits for its end starts the next broker then, with the same ports and files.
        if (_server is not null)
            await ending.TakeAsync(_server.DisposeAsync).ConfigureAwait(false);
        ending.Complete();
    }

    // After the word that it ends, none that it reloads or is ready.
    private void TellUntilEnd(Action tell)
    {
        lock (_telling)
        {
            if (!_isOver)
                tell();
        }
    }

    private Task ExportAsync(CancellationToken cancellationToken)
    {
        if (_options.Otlp is not { } otlp)
            return Task.CompletedTask;
        var instance = FormattableString.Invariant($"{Environment.MachineName}:{Environment.ProcessId}");
        return new OtlpExporter(
            otlp, () => OtlpJson.Write(_collector!.Collect(), _options.Version, instance, _daemon.Started, _services.Time.GetUtcNow()),
            text => _services.Reporter.Tell(Message.Warning(text)), _services.Time).RunAsync(cancellationToken);
    }

    // Told once, when each profile of the start is up with its ports or has a cause; then at each change what the line says.
    private async Task TellReadyAsync(CancellationToken cancellationToken)
    {
        string? told = null;
        while (true)
        {
            var changes = _daemon.Runs.SelectMany(run => (IEnumerable<Task>)[run.Link.Changed.Next, .. run.Tunnels.Select(tunnel => tunnel.Changed.Next)]).ToList();
            var isReady = Readiness.IsReached(_daemon.Runs, _options.RequireAll);
            if (isReady && !_ready.Task.IsCompleted)
            {
                _manager.Ready(told = Summary());
                _ready.TrySetResult();
            }
            else if (Summary() != told)
            {
                _manager.Status(told = Summary());
            }
            // A reload may bring profiles that nobody listens to yet: it's looked at again soon in any case.
            await Task.WhenAny([.. changes, Task.Delay(TimeSpan.FromSeconds(10), _services.Time, cancellationToken)]).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task WatchdogAsync(CancellationToken cancellationToken)
    {
        if (_manager.Watchdog is not { } limit)
            return;
        using var timer = new PeriodicTimer(limit / 2, _services.Time);
        do
        {
            if (!_daemon.Broken.IsCompleted)
                _manager.Alive();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    private async Task<string?> LostAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changes = _daemon.Runs.Select(run => run.Link.Changed.Next).ToList();
            var lost = _daemon.Runs.FirstOrDefault(run => run.Link.Status is { State: LinkState.Failed } or { State: LinkState.Restoring });
            if (lost is not null)
                return $"{lost.Profile.Id}: {lost.Link.Status.Cause}";
            await Task.WhenAny([.. changes, Task.Delay(TimeSpan.FromSeconds(10), _services.Time, cancellationToken)]).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private string Summary()
    {
        var runs = _daemon.Runs;
        var up = runs.Count(run => run.Link.Status.State == LinkState.Up);
        var troubled = runs.Where(run => run.Link.Status.State is LinkState.Failed or LinkState.Restoring or LinkState.WaitingForInput)
            .Select(run => $"{run.Profile.Id} {LinkWords.Of(run.Link.Status.State)}{(run.Link.Status.Cause is { } cause ? $" ({cause})" : "")}");
        return string.Join("; ", [FormattableString.Invariant($"{up} of {runs.Count} connections up"), .. troubled]).ReplaceLineEndings(" ");
    }
}
