using System.Buffers.Binary;
using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>Payloads over a connection that somebody else protects, on this machine: an OpenSSH that shares its own (PROTOCOL.mux §9).</summary>
internal sealed class ProxiedTransport(Duplex duplex) : IPacketTransport
{
    //  uint32  length of what follows
    //  byte    0 (padding length)
    //  byte[]  payload
    private const int HeadLength = 5;

    /// <summary>So much is gathered before it's sent, and received at once: a few packets.</summary>
    private const int BufferSize = 128 * 1024;

    private readonly byte[] _out = new byte[BufferSize];
    private byte[] _in = new byte[BufferSize];
    private int _outLength, _start, _end, _lent;

    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken)
    {
        _start += _lent;
        _lent = 0;
        await FillAsync(HeadLength, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadUInt32BigEndian(_in.AsSpan(_start)) - 1;
        if (length is 0 or > Limits.MaximumPacketLength)
            throw new SshProtocolException($"a message of {length} bytes came over the shared connection");
        await FillAsync(HeadLength + (int)length, cancellationToken).ConfigureAwait(false);
        _lent = HeadLength + (int)length;
        return _in.AsMemory(_start + HeadLength, (int)length);
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (_outLength + HeadLength + payload.Length > BufferSize)
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        var packet = _out.AsSpan(_outLength);
        BinaryPrimitives.WriteUInt32BigEndian(packet, (uint)payload.Length + 1);
        packet[4] = 0;
        payload.Span.CopyTo(packet[HeadLength..]);
        _outLength += HeadLength + payload.Length;
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_outLength == 0)
            return;
        var end = await duplex.WriteAsync(_out.AsMemory(0, _outLength), cancellationToken).ConfigureAwait(false);
        _outLength = 0;
        if (end != WriteEnd.None)
            throw Gone;
    }

    public ValueTask DisposeAsync() => duplex.DisposeAsync();

    private static SshConnectionException Gone => new(new Failure(FailureKind.NetworkLost, "the shared connection is gone"));

    private async ValueTask FillAsync(int needed, CancellationToken cancellationToken)
    {
        if (_start + needed > _in.Length)
        {
            var rest = _in.AsSpan(_start, _end - _start);
            var to = needed > _in.Length ? new byte[needed] : _in;
            rest.CopyTo(to);
            (_in, _start, _end) = (to, 0, rest.Length);
        }
        while (_end - _start < needed)
        {
            var read = await duplex.ReadAsync(_in.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read.End != ReadEnd.None)
                throw Gone;
            _end += read.Bytes.Length;
        }
    }
}
