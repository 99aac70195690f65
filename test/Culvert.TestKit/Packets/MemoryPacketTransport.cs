using System.Threading.Channels;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Transport;

namespace Culvert.TestKit.Packets;

/// <summary>Two packet transports joined in memory, without keys. Like a real one, it holds what was written until it's flushed or its buffer is full, and
/// lends each payload from one buffer that the next call overwrites, so that a payload kept too long shows.</summary>
internal sealed class MemoryPacketTransport : IPacketTransport
{
    private readonly Channel<byte[]> _in;
    private readonly Channel<byte[]> _out;
    private readonly List<byte[]> _written = [];
    private readonly int _batch;
    private byte[] _lent = [];
    private volatile bool _disposed;

    private MemoryPacketTransport(Channel<byte[]> input, Channel<byte[]> output, int batch)
    {
        _in = input;
        _out = output;
        _batch = batch;
    }

    /// <summary>A pair.</summary>
    /// <param name="capacity">Packets on their way in one direction; the writer waits beyond.</param>
    /// <param name="batch">Packets that are held before they're sent without a flush.</param>
    public static (MemoryPacketTransport, MemoryPacketTransport) Pair(int capacity = 64, int batch = 8)
    {
        var one = Channel.CreateBounded<byte[]>(capacity);
        var other = Channel.CreateBounded<byte[]>(capacity);
        return (new(one, other, batch), new(other, one, batch));
    }

    /// <summary>Packets that were sent.</summary>
    public int Sent { get; private set; }

    /// <summary>Times that something was sent.</summary>
    public int Flushes { get; private set; }

    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken)
    {
        _lent.AsSpan().Fill(0xDD);
        try
        {
            _lent = await _in.Reader.ReadAsync(cancellationToken);
            return _lent;
        }
        catch (ChannelClosedException e)
        {
            throw Closed(e);
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        _written.Add(payload.ToArray());
        if (_written.Count >= _batch)
            await FlushAsync(cancellationToken);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_disposed)
            throw Closed(null);
        try
        {
            foreach (var packet in _written)
            {
                await _out.Writer.WriteAsync(packet, cancellationToken);
                Sent++;
            }
        }
        catch (ChannelClosedException)
        {
            // Sent to one who is gone: as with a socket, the next receive says so.
        }
        _written.Clear();
        Flushes++;
    }

    /// <summary>Both directions end: what was sent is still received, what is sent to us is dropped.</summary>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        _out.Writer.TryComplete();
        _in.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    private static SshConnectionException Closed(Exception? inner) =>
        new(new Failure(FailureKind.NetworkLost, "Connection closed by the memory peer"), inner: inner);
}
