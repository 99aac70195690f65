using System.Runtime.InteropServices;
using Culvert.Broker.Audit;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Broker.Service;

namespace Culvert.Cli.Running;

/// <summary>Reloads that a signal or the service manager asks for: the configuration is read again and the log opened anew. One after the other, and awaited at the end.</summary>
internal sealed class ReloadQueue : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _asked = new(0); // never disposed of: who asks may come late
    private readonly Task _running;

    public ReloadQueue(BrokerHost host, AuditLog log) => _running = RunAsync(host, log);

    /// <summary>One more is wanted.</summary>
    public void Add()
    {
        if (!_stop.IsCancellationRequested)
            _asked.Release();
    }

    /// <summary>SIGHUP wants one, until that is disposed of.</summary>
    public IDisposable OnHangUp() => PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        Add();
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
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
