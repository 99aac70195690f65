namespace Culvert.Broker.Runtime;

/// <summary>Something that happens again and again, and that any number may wait for: all who wait hear of it. Thread-safe.</summary>
internal sealed class Broadcast
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it next happens. Take it before looking at what it tells of, or a change in between is missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>It happens.</summary>
    public void Send() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
