using BenchmarkDotNet.Attributes;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;

namespace Culvert.Bench;

/// <summary>What the multiplexer does with a packet of data, without the network and the cipher.</summary>
[MemoryDiagnoser]
public class ChannelBenchmarks
{
    private readonly byte[] _data = new byte[Limits.MaximumChannelPacket];
    private ChannelHost _host = null!;
    private Channel _channel = null!;
    private ChannelDuplex _duplex = null!;

    /// <summary>A channel that stands; the peer takes 4 GiB a run.</summary>
    [IterationSetup]
    public void Begin()
    {
        var buffers = new ConnectionBuffers();
        _host = new(new SendQueue(buffers.Slots, TimeProvider.System), buffers, new ChannelTable(), new WindowBudget(WindowBudget.DefaultBytes), new RoundTrip(TimeProvider.System), TimeProvider.System);
        _channel = new(_host, Priority.Bulk, remote: 0, window: uint.MaxValue, maximumPacket: Limits.MaximumChannelPacket);
        _channel.Confirm();
        _duplex = new(_channel);
    }

    /// <summary>From the peer to the reader, with the credit that goes back.</summary>
    [Benchmark(OperationsPerInvoke = 1000)]
    public async Task Receive()
    {
        for (var i = 0; i < 1000; i++)
        {
            _channel.Data(_data);
            var read = await _duplex.ReadAsync(CancellationToken.None);
            _duplex.Release(read.Bytes.Length);
            while (_host.Queue.TryDequeue(out _) == NextOutgoing.Packet) { }
        }
    }

    /// <summary>From the one who has the bytes to the writer loop.</summary>
    [Benchmark(OperationsPerInvoke = 1000)]
    public async Task Send()
    {
        for (var i = 0; i < 1000; i++)
        {
            await _duplex.WriteAsync(_data, CancellationToken.None);
            while (_host.Queue.TryDequeue(out var packet) == NextOutgoing.Packet)
            {
                if (packet.Kind == OutgoingKind.Data)
                    _host.Buffers.Slots.Return(packet.Packet);
                _channel.Written(packet.Kind);
            }
        }
    }
}
