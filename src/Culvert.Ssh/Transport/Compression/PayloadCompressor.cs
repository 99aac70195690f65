using System.IO.Compression;

namespace Culvert.Ssh.Transport;

/// <summary>Compresses payloads by zlib (RFC 4253 §6.2): one stream for one set of keys, flushed behind each payload so that the peer can read it whole.
/// Not thread-safe.</summary>
internal sealed class PayloadCompressor : IDisposable
{
    private readonly MemoryStream _compressed = new();
    private readonly ZLibStream _zlib;

    public PayloadCompressor()
    {
        // OpenSSH's level is 6 as well: more costs time and hardly saves bytes.
        _zlib = new ZLibStream(_compressed, CompressionLevel.Optimal, leaveOpen: true);
    }

    /// <summary>The payload's compressed form, lent until the next call.</summary>
    public ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> payload)
    {
        _compressed.SetLength(0);
        _zlib.Write(payload);
        _zlib.Flush();
        return _compressed.GetBuffer().AsMemory(0, (int)_compressed.Length);
    }

    public void Dispose()
    {
        _zlib.Dispose();
        _compressed.Dispose();
    }
}
