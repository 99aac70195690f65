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
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task task = null!;
        task = RunAsync();
        lock (_gate)
            _running.Add(task);
        gate.SetResult();

        async Task RunAsync()
        {
            // Not before it's in the set that it leaves at its end.
            await gate.Task;
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
                    _running.Remove(task);
            }
        }
    }

    /// <summary>Completes when none runs; nothing may be started any more.</summary>
    public Task WhenAllAsync()
    {
        lock (_gate)
            return Task.WhenAll(_running);
    }
}
