using Culvert.Ftp;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Ftp;

public sealed class DataSideTests
{
    private readonly MemoryNetwork _network = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Seen as a download that was reset, once in some thousand: all of it had gone through and the server had confirmed it before the thread that
    /// accepted the client ran on, so that nobody ended the client's connection.</summary>
    [Fact]
    public async Task WhoIsToldThatTheConnectionIsThereFindsIt()
    {
        var side = new DataSide();
        await using var duplex = await DuplexAsync();
        Duplex? found = null;
        var told = side.Ready.ContinueWith(_ => found = side.Duplex, Cancel, TaskContinuationOptions.None, new AtOnce());
        Assert.True(side.TryOpen(duplex));
        Assert.False(told.IsCompleted);
        side.Announce();
        await told;
        Assert.Same(duplex, found);
    }

    [Fact]
    public async Task WhatComesWhenItIsNotWantedAnyMoreIsNotTaken()
    {
        var side = new DataSide();
        await using var duplex = await DuplexAsync();
        side.Close();
        Assert.False(side.TryOpen(duplex));
        Assert.Null(side.Duplex);
        Assert.Null(await side.Ready);
    }

    [Fact]
    public async Task WhatIsThereStays()
    {
        var side = new DataSide();
        await using var duplex = await DuplexAsync();
        Assert.True(side.TryOpen(duplex));
        side.Close();
        side.Announce();
        Assert.Same(duplex, side.Duplex);
        Assert.Same(duplex, await side.Ready);
    }

    private async Task<Duplex> DuplexAsync()
    {
        await using var listener = await _network.ListenAsync(new("127.0.0.1", 0), ListenOptions.Default, Cancel);
        var (duplex, failure) = await _network.Connect(listener.LocalEndpoint, ConnectOptions.Default).Outcome;
        Assert.Null(failure);
        return duplex!;
    }

    /// <summary>Runs what follows a task where the task is completed, before the one who completes it goes on.</summary>
    private sealed class AtOnce : TaskScheduler
    {
        protected override void QueueTask(Task task) => TryExecuteTask(task);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
