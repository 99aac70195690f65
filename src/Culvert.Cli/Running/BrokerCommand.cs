using System.Runtime.InteropServices;
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
        using var signals = new StopSignals(() => Environment.Exit(ExitCode.Failure), hangUpStops: false);
        await using var errors = StandardError.Open();
        using var log = new AuditLog(wanted.LogFormat, wanted.LogFile, errors, TimeProvider.System);
        var verbosity = wanted.Verbosity;
        using var debug = new BrokerLogger(log, () => verbosity);
        var manager = ServiceManager.FromEnvironment(log.WriteLine);
        var options = new BrokerHostOptions
        {
            Load = wanted.Load,
            ForServer = wanted.ForServer,
            ConfigFile = wanted.ConfigFile,
            Socket = wanted.Socket ?? ControlSocket.Usual(),
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
            await host.StartAsync(signals.Stop).ConfigureAwait(false);
            using var processId = ProcessIdFile.Write(wanted.ProcessIdFile);
            // Started by ctl start: who waits may go on now.
            if (!OperatingSystem.IsWindows() && Background.OfThisProcess() is { } background)
                background.Detach(keepErrors: false, keepOutput: false);
            using var retry = RetrySignal.Register(host.RetryNow);
            await using var reload = new ReloadSignal(host, log);
            if (await host.RunAsync(signals.Stop).ConfigureAwait(false) is not { } lost)
                return ExitCode.Success;
            log.WriteLine($"a link is lost, and the broker ends (--exit-on-loss): {lost}");
            return ExitCode.Failure;
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
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
    }

    /// <summary>SIGHUP: the configuration is read again and the log opened anew. One after the other, and awaited at the end.</summary>
    private sealed class ReloadSignal : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly SemaphoreSlim _asked = new(0);
        private readonly PosixSignalRegistration _signal;
        private readonly Task _running;

        public ReloadSignal(BrokerHost host, AuditLog log)
        {
            _running = RunAsync(host, log);
            _signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true;
                _asked.Release();
            });
        }

        public async ValueTask DisposeAsync()
        {
            _signal.Dispose();
            await _stop.CancelAsync().ConfigureAwait(false);
            await _running.ConfigureAwait(false);
            _asked.Dispose();
            _stop.Dispose();
        }

        private async Task RunAsync(BrokerHost host, AuditLog log)
        {
            try
            {
                while (true)
                {
                    await _asked.WaitAsync(_stop.Token).ConfigureAwait(false);
                    try
                    {
                        await host.ReloadAsync(_stop.Token).ConfigureAwait(false);
                    }
                    catch (Exception e) when (e is ConfigException or BrokerException or IOException or UnauthorizedAccessException)
                    {
                        log.WriteLine($"nothing has changed: {e.Message}");
                    }
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // That is how it ends.
            }
        }
    }
}
