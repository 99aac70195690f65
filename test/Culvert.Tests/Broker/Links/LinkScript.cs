using System.Threading.Channels;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.TestKit.Networks;

namespace Culvert.Tests.Broker.Links;

/// <summary>Connections as a test wants them: each attempt waits here until the test says what comes of it.</summary>
internal sealed class LinkScript
{
    private readonly Channel<Attempt> _attempts = Channel.CreateUnbounded<Attempt>();
    private int _count;

    /// <summary>Attempts so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>To be handed to a link.</summary>
    public async ValueTask<LiveLink> ConnectAsync(Action<bool> asking, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _count);
        var attempt = new Attempt(asking);
        await _attempts.Writer.WriteAsync(attempt, cancellationToken);
        return await attempt.Outcome.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The next attempt.</summary>
    public ValueTask<Attempt> NextAsync(CancellationToken cancellationToken) => _attempts.Reader.ReadAsync(cancellationToken);

    internal sealed class Attempt(Action<bool> asking)
    {
        public TaskCompletionSource<LiveLink> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Ask(bool asks) => asking(asks);

        public Connection Succeed(MemoryNetwork network, Func<CancellationToken, Task>? probe = null)
        {
            var connection = new Connection(network);
            Outcome.SetResult(new LiveLink(network, connection.Closed.Task, connection) { Probe = probe });
            return connection;
        }

        public void Fail(string text, Exception? inner) => Outcome.SetException(new BrokerException(Message.Error(text, null), inner));

        public void FailPassing() => Fail("Connection refused", new NetworkException(new Failure(FailureKind.Refused, "Connection refused")));
    }

    internal sealed class Connection(MemoryNetwork network) : IAsyncDisposable
    {
        public TaskCompletionSource<Failure> Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsDisposed { get; private set; }

        /// <summary>What its end takes, and what comes of it.</summary>
        public Task Ending { get; set; } = Task.CompletedTask;

        public void Lose(string cause)
        {
            network.Lose();
            Closed.SetResult(new Failure(FailureKind.NetworkLost, cause));
        }

        public async ValueTask DisposeAsync()
        {
            IsDisposed = true;
            await Ending;
        }
    }
}
