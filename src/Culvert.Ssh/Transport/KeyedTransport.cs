using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>Binary packets (RFC 4253 §6) over a duplex, with one cipher for each direction. Knows nothing of messages: whoever changes keys tells it.</summary>
/// <param name="duplex">Owned from now on.</param>
/// <param name="received">What came already, behind the version line.</param>
/// <param name="peer">The other side in messages: <c>host port 22</c>.</param>
internal sealed class KeyedTransport(Duplex duplex, ReceiveBuffer received, string peer) : IPacketTransport
{
    private const int NotKnown = -1;
    private const int MinimumPadding = 4;

    private readonly PaddingSource _padding = new();
    private readonly PacketBuffer _outgoing = new(Limits.MaximumSendBuffer);
    private int _outgoingLength;
    private int _incomingLength = NotKnown;

    /// <summary>The direction from us to the peer. Belongs to the one who writes.</summary>
    public DirectionState Sending { get; } = new();

    /// <summary>The direction from the peer to us. Belongs to the one who receives.</summary>
    public DirectionState Receiving { get; } = new();

    /// <summary>Bytes of memory that the buffers of both directions hold, for tests that measure them.</summary>
    public int HeldBytes => received.Capacity + _outgoing.Capacity;

    /// <summary>Takes the next payload if all of it is here. It is lent until the next <see cref="ReceiveAsync"/>.</summary>
    public bool TryReceive(out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        if (!TryReadLength(out var length))
            return false;
        var cipher = Receiving.Cipher;
        var total = 4 + length + cipher.TagLength;
        if (received.Count < total)
            return false;
        var packet = received.Bytes[..total];
        if (!cipher.Open(Receiving.Sequence, packet.Span))
            throw new SshProtocolException("Corrupted MAC on input.", DisconnectReason.MacError);
        var padding = packet.Span[4];
        if (padding < MinimumPadding || padding > length - 2)
            throw new SshProtocolException($"Corrupted padlen {padding} on input.");
        received.Consume(total);
        Receiving.Count(total);
        _incomingLength = NotKnown;
        payload = packet.Slice(5, length - 1 - padding);
        if (Receiving.Codec(static () => new PayloadDecompressor()) is { } decompressor)
            payload = decompressor.Decompress(payload);
        return true;
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> payload;
        while (!TryReceive(out payload))
        {
            var total = _incomingLength == NotKnown ? Receiving.Cipher.HeadLength : 4 + _incomingLength + Receiving.Cipher.TagLength;
            var end = await received.FillAsync(total, cancellationToken);
            if (end != ReadEnd.None)
                throw Ended(end);
        }
        return payload;
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, Limits.MaximumPayload);
        if (Sending.Codec(static () => new PayloadCompressor()) is { } compressor)
            payload = compressor.Compress(payload.Span);
        var total = 4 + PaddedLength(payload.Length, Sending.Cipher) + Sending.Cipher.TagLength;
        if (_outgoingLength > 0 && _outgoingLength + total > Limits.MaximumSendBuffer)
            await FlushAsync(cancellationToken);
        Seal(payload.Span, total);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_outgoingLength == 0)
            return;
        var end = await duplex.WriteAsync(_outgoing.Bytes.AsMemory(0, _outgoingLength), cancellationToken);
        var used = _outgoingLength;
        _outgoingLength = 0;
        if (end != WriteEnd.None)
            throw CutOff(end);
        _outgoing.Used(used);
        _outgoing.Release();
    }

    /// <summary>Ends our half of the connection in order, after what was flushed.</summary>
    public ValueTask<WriteEnd> EndAsync(CancellationToken cancellationToken) => duplex.EndAsync(cancellationToken);

    /// <summary>Reads, and looks at nothing, until the peer has ended its half. The receiver's last call.</summary>
    public async ValueTask DiscardAsync(CancellationToken cancellationToken)
    {
        do
            received.Consume(received.Count);
        while (await received.FillAsync(1, cancellationToken) == ReadEnd.None);
    }

    /// <summary>Breaks the connection; whoever waits for it is told.</summary>
    public void Abort() => duplex.Abort();

    /// <summary>Releases the connection and wipes the keys. Nobody may be receiving or writing any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await duplex.DisposeAsync();
        Sending.Dispose();
        Receiving.Dispose();
    }

    /// <summary><c>packet_length</c> for a payload: with the padding that fills the cipher's blocks, at least 4 bytes of it (RFC 4253 §6).</summary>
    internal static int PaddedLength(int payload, PacketCipher cipher)
    {
        var unpadded = 1 + payload + (cipher.LengthIsApart ? 0 : 4);
        var padding = cipher.BlockLength - unpadded % cipher.BlockLength;
        return 1 + payload + (padding < MinimumPadding ? padding + cipher.BlockLength : padding);
    }

    private bool TryReadLength(out int length)
    {
        var cipher = Receiving.Cipher;
        length = _incomingLength;
        if (length != NotKnown)
            return true;
        if (received.Count < cipher.HeadLength)
            return false;
        var claimed = cipher.ReadLength(Receiving.Sequence, received.Bytes.Span[..cipher.HeadLength]);
        // At least the padding's length, its 4 bytes and a message number; whole blocks; bounded before anything waits for it.
        var aligned = claimed + (cipher.LengthIsApart ? 0u : 4u);
        if (claimed is < 1 + MinimumPadding + 1 or > Limits.MaximumPacketLength || aligned % (uint)cipher.BlockLength != 0)
            throw new SshProtocolException($"Bad packet length {claimed}.");
        length = _incomingLength = (int)claimed;
        return true;
    }

    private void Seal(ReadOnlySpan<byte> payload, int total)
    {
        _outgoing.Reserve(_outgoingLength + total, 0, _outgoingLength);
        var packet = _outgoing.Bytes.AsSpan(_outgoingLength, total);
        var length = total - 4 - Sending.Cipher.TagLength;
        var padding = length - 1 - payload.Length;
        BinaryPrimitives.WriteInt32BigEndian(packet, length);
        packet[4] = (byte)padding;
        payload.CopyTo(packet[5..]);
        _padding.Fill(packet.Slice(5 + payload.Length, padding));
        Sending.Cipher.Seal(Sending.Sequence, packet);
        Sending.Count(total);
        _outgoingLength += total;
    }

    private SshConnectionException CutOff(WriteEnd end) => end == WriteEnd.Lost
        ? new(new Failure(FailureKind.NetworkLost, $"Connection to {peer} lost"), DisconnectReason.ConnectionLost)
        : new(new Failure(FailureKind.NetworkLost, $"Connection to {peer} closed: it takes no more data"));

    private SshConnectionException Ended(ReadEnd end) => new(new Failure(FailureKind.NetworkLost, end switch
    {
        ReadEnd.Ended => $"Connection closed by {peer}",
        ReadEnd.Reset => $"Connection reset by {peer}",
        _ => $"Connection to {peer} lost",
    }), DisconnectReason.ConnectionLost);

    /// <summary>Random bytes for padding (RFC 4253 §6), drawn from the system many at a time: it costs more than encrypting a small packet.</summary>
    private sealed class PaddingSource
    {
        private readonly byte[] _random = new byte[2048];
        private int _used = 2048;

        public void Fill(Span<byte> padding)
        {
            if (_random.Length - _used < padding.Length)
            {
                RandomNumberGenerator.Fill(_random);
                _used = 0;
            }
            _random.AsSpan(_used, padding.Length).CopyTo(padding);
            _used += padding.Length;
        }
    }
}
