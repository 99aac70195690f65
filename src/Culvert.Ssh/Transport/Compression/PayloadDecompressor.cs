using System.IO.Compression;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>Reads what a peer compressed by zlib, payload by payload; bounded, because a few bytes can unfold to any number of them. Not thread-safe.</summary>
internal sealed class PayloadDecompressor : IDisposable
{
    private const int FirstBuffer = 4096;

    private readonly Feed _feed = new();
    private readonly ZLibStream _zlib;
    private byte[] _payload = new byte[FirstBuffer];

    public PayloadDecompressor() => _zlib = new ZLibStream(_feed, CompressionMode.Decompress, leaveOpen: true);

    /// <summary>The payload, lent until the next call.</summary>
    /// <exception cref="SshProtocolException">It's corrupt, empty, or larger than a payload may be.</exception>
    public ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> compressed)
    {
        _feed.Give(compressed);
        var length = 0;
        try
        {
            while (_zlib.Read(_payload, length, _payload.Length - length) is > 0 and var count)
            {
                length += count;
                if (length > Limits.MaximumPayload)
                    throw Corrupt($"a compressed packet unfolds to more than {Limits.MaximumPayload} bytes");
                // One byte more than may be, so that more shows.
                if (length == _payload.Length)
                    Array.Resize(ref _payload, Math.Min(2 * length, Limits.MaximumPayload + 1));
            }
        }
        catch (InvalidDataException e)
        {
            throw Corrupt("compressed data is corrupt", e);
        }
        return length > 0 ? _payload.AsMemory(0, length) : throw Corrupt("a compressed packet without a message");
    }

    public void Dispose()
    {
        _zlib.Dispose();
        _feed.Dispose();
    }

    private static SshProtocolException Corrupt(string text, Exception? inner = null) => new(text, DisconnectReason.CompressionError, inner);

    /// <summary>Gives what came in one packet, and then nothing more until the next.</summary>
    private sealed class Feed : Stream
    {
        private ReadOnlyMemory<byte> _rest;

        public void Give(ReadOnlyMemory<byte> bytes) => _rest = bytes;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, _rest.Length);
            _rest.Span[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return count;
        }

        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
