using System.Runtime.ExceptionServices;

namespace Culvert.Broker;

/// <summary>An end in several steps: each is taken, whatever became of those before it. For one caller.</summary>
internal sealed class Ending
{
    private ExceptionDispatchInfo? _first;

    /// <summary>Takes a step.</summary>
    public void Take(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            _first ??= ExceptionDispatchInfo.Capture(e);
        }
    }

    /// <summary>Takes a step, and waits for it.</summary>
    public async Task TakeAsync(Func<ValueTask> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _first ??= ExceptionDispatchInfo.Capture(e);
        }
    }

    /// <summary>All have been taken.</summary>
    /// <exception cref="Exception">The first that a step failed with.</exception>
    public void Complete() => _first?.Throw();
}
