using BenchmarkDotNet.Attributes;
using Culvert.Net;

namespace Culvert.Bench;

/// <summary>The copy between two connections: what it adds to reading and writing.</summary>
[MemoryDiagnoser]
public class RelayBenchmarks
{
    private const int Pieces = 1000;

    /// <summary>As many pieces as one file of 32 MiB has.</summary>
    [Benchmark(OperationsPerInvoke = Pieces)]
    public async Task<long> Copy() => (await Relay.CopyAsync(new Source(), new Source(), null, CancellationToken.None)).Bytes;

    /// <summary>Always has a piece, until the last; takes any.</summary>
    private sealed class Source : Duplex
    {
        private static readonly byte[] s_piece = new byte[32 * 1024];
        private int _left = Pieces;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken) => new(_left-- > 0 ? new ReadResult(s_piece, ReadEnd.None) : new ReadResult(default, ReadEnd.Ended));

        public override void Release(int count) { }

        public override ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken) =>
            new(into.IsEmpty ? default : _left-- > 0 ? new ReadResult(into, ReadEnd.None) : new ReadResult(default, ReadEnd.Ended));

        public override ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => new(WriteEnd.None);

        public override ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken) => new(WriteEnd.None);

        public override void Abort() { }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
