using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Net;

public sealed class PooledDuplexTests
{
    [Fact]
    public async Task What_is_lent_grows_while_reads_fill_it()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var endless = new Endless();
        List<int> lent = [];
        for (var i = 0; i < 4; i++)
        {
            lent.Add((await endless.ReadAsync(stop)).Bytes.Length);
            endless.Release(lent[^1]);
        }
        Assert.Equal([16, 64, 100, 100], lent);
    }

    /// <summary>Has always more than it's asked for.</summary>
    private sealed class Endless() : PooledDuplex(smallest: 16, largest: 100)
    {
        public override ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken) => new(new ReadResult(into, ReadEnd.None));

        public override ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => new(WriteEnd.Closed);

        public override ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken) => new(WriteEnd.None);

        public override void Abort() { }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
