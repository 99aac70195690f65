using Culvert.Net;

namespace Culvert.Tests.Demo;

/// <summary>A network on which one bit is turned, once: on the first connection that isn't SSH and from which so many bytes are read.</summary>
internal sealed class OneFlippedBitNetwork(INetwork inner, int behind) : INetwork
{
    private readonly int _behind = behind;
    private int _done;

    public bool Done => _done != 0;

    public Dial Connect(Endpoint to, ConnectOptions options) => new FlippingDial(this, inner.Connect(to, options));

    public async ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken) =>
        new FlippingListener(this, await inner.ListenAsync(at, options, cancellationToken));

    private sealed class FlippingDial(OneFlippedBitNetwork network, Dial inner) : Dial
    {
        public override Task<DialOutcome> Outcome { get; } = OutcomeAsync(network, inner);

        public override void Abort() => inner.Abort();

        private static async Task<DialOutcome> OutcomeAsync(OneFlippedBitNetwork network, Dial inner)
        {
            var outcome = await inner.Outcome;
            return outcome.Duplex is { } duplex ? outcome with { Duplex = new FlippingDuplex(network, duplex) } : outcome;
        }
    }

    private sealed class FlippingListener(OneFlippedBitNetwork network, IListener inner) : IListener
    {
        public Endpoint LocalEndpoint => inner.LocalEndpoint;

        public async ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken)
        {
            var (duplex, peer) = await inner.AcceptAsync(cancellationToken);
            return new(new FlippingDuplex(network, duplex), peer);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>Fills always, so that the bit is turned in memory that belongs to the reader.</summary>
    private sealed class FlippingDuplex(OneFlippedBitNetwork network, Duplex inner) : DelegatingDuplex(inner)
    {
        private readonly byte[] _lent = new byte[64 * 1024];
        private int _start, _end;
        private long _read;
        private bool _ssh;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
        {
            if (_start == _end)
            {
                var read = await ReadAsync(_lent, cancellationToken);
                if (read.End != ReadEnd.None) return read;
                (_start, _end) = (0, read.Bytes.Length);
            }
            return new(_lent.AsMemory(_start.._end), ReadEnd.None);
        }

        public override void Release(int count) => _start += count;

        public override async ValueTask<ReadResult> ReadAsync(Memory<byte> into, CancellationToken cancellationToken)
        {
            var read = await base.ReadAsync(into, cancellationToken);
            if (_read == 0 && read.Bytes.Span.StartsWith("SSH-"u8)) _ssh = true;
            _read += read.Bytes.Length;
            if (!_ssh && _read > network._behind && read.Bytes.Length > 0 && Interlocked.Exchange(ref network._done, 1) == 0) into.Span[read.Bytes.Length - 1] ^= 1;
            return read;
        }
    }
}
