using BenchmarkDotNet.Attributes;
using Culvert.Ssh.Transport;
using Culvert.TestKit.Networks;

namespace Culvert.Bench;

/// <summary>Packets through the transport: framed, padded, sealed, sent as one piece, received, opened.</summary>
[MemoryDiagnoser]
public class PacketBenchmarks
{
    private const int Packets = 7;

    private readonly byte[] _payload = new byte[32 * 1024];
    private KeyedTransport _transport = null!;

    /// <summary>Warm keys.</summary>
    [GlobalSetup]
    public void Begin()
    {
        var loop = new LoopDuplex();
        _transport = new(loop, new(loop), "peer");
        _transport.Sending.Change(CipherBenchmarks.Make("aes128-gcm@openssh.com"), resetSequence: true);
        _transport.Receiving.Change(CipherBenchmarks.Make("aes128-gcm@openssh.com"), resetSequence: true);
    }

    /// <summary>As many as one send holds.</summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public async Task SendAndReceive()
    {
        for (var i = 0; i < Packets; i++)
            await _transport.WriteAsync(_payload, CancellationToken.None);
        await _transport.FlushAsync(CancellationToken.None);
        for (var i = 0; i < Packets; i++)
            await _transport.ReceiveAsync(CancellationToken.None);
    }
}
