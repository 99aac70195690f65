using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Culvert.Ssh.Trust;
using Culvert.TestKit.Networks;
using Culvert.Tests.Ssh;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Tests.Broker;

/// <summary><c>-W</c> through an SSH server in memory, over a way that can be held up.</summary>
public sealed class StdioRunTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly Endpoint Destination = new("destination", 9);

    /// <summary>What is written waits for the gate.</summary>
    private sealed class Held(Duplex inner) : DelegatingDuplex(inner)
    {
        public Task Gate { get; set; } = Task.CompletedTask;

        public override async ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            await Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            return await base.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says that its input has ended when it may. Whoever allows it goes on when the reader has done all that follows at once.</summary>
    private sealed class Input(Duplex inner) : DelegatingDuplex(inner)
    {
        public TaskCompletionSource AtEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource MayEnd { get; } = new();

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
        {
            var read = await base.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.End == ReadEnd.Ended)
            {
                AtEnd.TrySetResult();
                await MayEnd.Task.ConfigureAwait(false);
            }
            return read;
        }
    }

    // The destination ends first, then the input does, whose last bytes lie here as long as the server doesn't read: nobody may call that delivered.
    [Theory]
    [InlineData(false, RunEnd.Stopped)]
    [InlineData(true, RunEnd.StoppedWithCuts)]
    public async Task It_has_ended_in_order_when_the_server_has_passed_on_all(bool isStopped, RunEnd expected)
    {
        await using var world = new SshWorld();
        await using var destination = await world.Behind.ListenAsync(Destination, ListenOptions.Default, Cancel);
        Held? way = null;
        world.Internet.Wrap = (_, duplex) => way = new Held(duplex);
        var (client, end) = MemoryDuplex.Pair();
        await using var _ = client;
        var near = new Input(end);
        using var stop = new CancellationTokenSource();
        var services = new BrokerServices { Here = world.Internet, Reporter = new RecordingReporter(), LoggerFactory = NullLoggerFactory.Instance };
        var running = StdioRun.RunAsync(Config, Destination, near, services, stop.Token);

        var accepting = destination.AcceptAsync(Cancel).AsTask();
        if (await Task.WhenAny(running, accepting) == running)
            await running; // says why it failed
        await using var far = (await accepting).Duplex;
        await far.EndAsync(Cancel);
        Assert.Equal(ReadEnd.Ended, (await client.ReadAsync(Cancel)).End);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        way!.Gate = gate.Task;
        await client.WriteAsync(new byte[10_000], Cancel);
        await client.EndAsync(Cancel);
        await near.AtEnd.Task;
        await Task.Run(near.MayEnd.SetResult, Cancel);
        Assert.False(running.IsCompleted);
        if (isStopped)
            await stop.CancelAsync();
        gate.SetResult();
        Assert.Equal(expected, await running);
    }

    private static ConnectionConfig Config => new()
    {
        Host = SshWorld.Port.Host,
        User = "user",
        Password = new Secret("secret"),
        HostKeyChecking = HostKeyChecking.No,
        UserKnownHostsFiles = ["none"],
        GlobalKnownHostsFiles = ["none"],
        IdentityFiles = ["none"],
        IdentityAgent = "none",
    };
}
