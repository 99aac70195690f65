using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Server;

/// <summary>Owns the tasks that a server started for its peers, until the last has ended. One that fails is a defect: it is logged, and the others go on.</summary>
internal sealed class SessionTasks(ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Tasks that run now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _running.Count;
        }
    }

    /// <summary>Starts one.</summary>
    public void Start(Func<Task> run)
    {
        var entered = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = RunAsync();
        lock (_gate)
            _running.Add(task);
        entered.SetResult(task);

        async Task RunAsync()
        {
            // Not before it's in the set that it leaves at its end.
            var self = await entered.Task;
            try
            {
                await run();
            }
            catch (OperationCanceledException)
            {
                // Stopped with its owner.
            }
            catch (Exception e)
            {
                Log.ServerTaskFailed(logger, e);
            }
            finally
            {
                lock (_gate)
                    _running.Remove(self);
            }
        }
    }

    /// <summary>Completes when none runs; those that run may still start others.</summary>
    public async Task WhenAllAsync()
    {
        while (true)
        {
            Task[] running;
            lock (_gate)
                running = [.. _running];
            if (running.Length == 0)
                return;
            await Task.WhenAll(running);
        }
    }
}
