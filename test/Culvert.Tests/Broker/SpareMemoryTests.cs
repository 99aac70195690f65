using Culvert.Broker.Runtime.Upkeep;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker;

/// <summary>Memory goes back to the system when nothing happens any more, and only then.</summary>
public sealed class SpareMemoryTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly SpareMemory _memory;
    private long _allocated, _held;
    private int _collections;

    public SpareMemoryTests() => _memory = new(_time, new(() => _allocated, () => _held, Collect));

    public ValueTask DisposeAsync() => _memory.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatSessionsLeaveIsGivenBackWhenTheyIdleOrAreGone(bool gone)
    {
        _memory.Enter();
        Work(SpareMemory.Worth);
        if (gone)
            _memory.Leave();
        Pass(1);
        Assert.Equal(0, _collections); // it has just been at work
        Pass(1);
        Assert.Equal(1, _collections);
        Pass(100);
        Assert.Equal(1, _collections); // nothing new
    }

    [Fact]
    public void NobodyIsHeldUpWhileBytesMove()
    {
        _memory.Enter();
        for (var i = 0; i < 100; i++)
        {
            Work(SpareMemory.Worth);
            Pass(1);
        }
        Assert.Equal(0, _collections);
    }

    [Fact]
    public void ALittleIsNotWorthACollection()
    {
        _memory.Enter();
        Work(SpareMemory.Worth - 1);
        Pass(100);
        Assert.Equal(0, _collections);
    }

    [Fact]
    public void TheNextLoadIsGivenBackToo()
    {
        for (var round = 1; round <= 3; round++)
        {
            _memory.Enter();
            Work(SpareMemory.Worth);
            _memory.Leave();
            Pass(3);
            Assert.Equal(round, _collections);
        }
    }

    [Fact]
    public void NobodyLooksWhenThereAreNoSessions()
    {
        _memory.Enter();
        _memory.Leave();
        Pass(2);
        Work(SpareMemory.Worth);
        Pass(100);
        Assert.Equal(0, _collections);
    }

    private void Work(long bytes) => (_allocated, _held) = (_allocated + bytes, _held + bytes);

    private void Collect() => (_collections, _held) = (_collections + 1, 1000);

    private void Pass(int looks)
    {
        for (var i = 0; i < looks; i++)
            _time.Advance(SpareMemory.Interval);
    }
}
