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
    private readonly ConnectionBuffers _buffers = new();
    private ChannelHost _host = null!;
    private Channel _channel = null!;
    private ChannelDuplex _duplex = null!;

    /// <summary>A channel that stands and is warm; the peer takes 4 GiB a run.</summary>
    [IterationSetup]
    public async Task BeginAsync()
    {
        _host = new(new SendQueue(_buffers.Slots, TimeProvider.System), _buffers, new ChannelTable(), new WindowBudget(WindowBudget.DefaultBytes), new RoundTrip(TimeProvider.System), TimeProvider.System);
        _channel = new(_host, Priority.Bulk, remote: 0, window: uint.MaxValue, maximumPacket: Limits.MaximumChannelPacket);
        _channel.Confirm();
        _duplex = new(_channel);
        await Receive();
        await Send();
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
            Write();
        }
    }

    /// <summary>From the one who has the bytes to the writer loop.</summary>
    [Benchmark(OperationsPerInvoke = 1000)]
    public async Task Send()
    {
        for (var i = 0; i < 1000; i++)
        {
            await _duplex.WriteAsync(_data, CancellationToken.None);
            Write();
        }
    }

    private void Write()
    {
        while (_host.Queue.TryDequeue(out var packet) == NextOutgoing.Packet)
        {
            if (packet.Kind == OutgoingKind.Data)
                _buffers.Slots.Return(packet.Packet);
            packet.Channel?.Written(packet);
        }
    }
}
