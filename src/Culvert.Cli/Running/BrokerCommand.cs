using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Control;
using Culvert.Broker.Metrics;
using Culvert.Broker.Runtime;
using Culvert.Broker.Service;
using Culvert.Cli.Arguments;
using Culvert.Cli.Logging;
using Culvert.Cli.Terminal;
using Culvert.Net.Tcp;

namespace Culvert.Cli.Running;

/// <summary><c>culvert broker</c>: the tunnels of a configuration, kept up until somebody ends them. In the foreground: what puts it into the background is the service manager.</summary>
internal static class BrokerCommand
{
    /// <summary>Runs until stopped.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">The configuration can't be meant.</exception>
    public static async Task<int> RunAsync(Invocation.Broker wanted)
    {
        await using var errors = StandardError.OpenUnhurried();
        using var log = new AuditLog(wanted.LogFormat, wanted.LogFile, errors, TimeProvider.System);
        return await RunAsync(wanted, log, SystemdManager.FromEnvironment(log.WriteLine)).ConfigureAwait(false);
    }

    /// <summary>Runs until stopped, with another log or another manager.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">The configuration can't be meant.</exception>
    public static async Task<int> RunAsync(Invocation.Broker wanted, AuditLog log, ServiceManager manager)
    {
        // On Windows it means that the terminal is closed.
        using var signals = new StopSignals(() => Environment.Exit(ExitCode.Failure), hangUpStops: OperatingSystem.IsWindows());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, manager.Stop);
        var verbosity = wanted.Verbosity;
        using var debug = new BrokerLogger(log, () => verbosity);
        var options = new BrokerHostOptions
        {
            Load = wanted.Load,
            ForServer = wanted.ForServer,
            ConfigFile = wanted.ConfigFile,
            Socket = wanted.Socket ?? ControlSocket.Usual(),
            ProcessIdFile = wanted.ProcessIdFile,
            Version = ProgramVersion.Text,
            RequireAll = wanted.RequireAll,
            ExitOnLoss = wanted.ExitOnLoss,
            MetricsPort = wanted.MetricsPort,
            Otlp = OtlpOptions.Of(wanted.OtlpEndpoint, Environment.GetEnvironmentVariable),
            GetVerbosity = () => verbosity,
            SetVerbosity = level => verbosity = level,
        };
        var services = new BrokerServices { Here = new TcpNetwork(TimeProvider.System), Reporter = new EventReporter(log.Write), LoggerFactory = debug };
        try
        {
            await using var host = new BrokerHost(options, services, log, manager);
            await host.StartAsync(stop.Token).ConfigureAwait(false);
            // Started by ctl start: who waits may go on now.
            if (!OperatingSystem.IsWindows() && Background.OfThisProcess() is { } background)
                background.Detach(keepErrors: false, keepOutput: false);
            using var retry = RetrySignal.Register(host.RetryNow);
            await using var reload = new ReloadQueue(host, log);
            using var hangUp = OperatingSystem.IsWindows() ? null : reload.OnHangUp();
            manager.ReloadWanted += reload.Add;
            manager.Woke += host.HaveWoken;
            var lost = await host.RunAsync(stop.Token).ConfigureAwait(false);
            if (lost is not null)
                log.WriteLine($"a link is lost, and the broker ends (--exit-on-loss): {lost}");
            // While SIGHUP still has somebody who takes it: otherwise it would kill the process in the middle of its end.
            return await host.EndAsync().ConfigureAwait(false) && lost is null ? ExitCode.Success : ExitCode.Failure;
        }
        catch (BrokerException e)
        {
            log.WriteLine(e.Reason.Hint is { } hint ? $"{e.Reason.Text}\nhint: {hint}" : e.Reason.Text);
            return ExitCode.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.WriteLine(e.Message);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
    }
}
