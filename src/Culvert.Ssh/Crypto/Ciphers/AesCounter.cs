using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>AES in counter mode (RFC 4344 §4), which .NET lacks: the platform's AES encrypts a batch of counter blocks at a time, and that
/// key stream is XORed into the data. The counter is 128 bits, big-endian, and runs on from packet to packet.</summary>
internal sealed class AesCounter : IDisposable
{
    public const int BlockLength = 16;

    /// <summary>Counter blocks a batch: enough to keep the call into the platform's library cheap, little enough for the first-level cache.</summary>
    private const int BatchBytes = 4096;

    private readonly Aes _aes;
    private readonly ICryptoTransform _encryptor;
    private readonly byte[] _counters = new byte[BatchBytes];
    private readonly byte[] _stream = new byte[BatchBytes];
    private UInt128 _counter;
    private int _used;
    private int _filled;

    public AesCounter(ReadOnlySpan<byte> key, ReadOnlySpan<byte> initialCounter)
    {
        _aes = Aes.Create();
        // ECB is how counter mode is built; nothing is ever sent that was encrypted this way itself.
#pragma warning disable CA5358
        _aes.Mode = CipherMode.ECB;
#pragma warning restore CA5358
        _aes.Padding = PaddingMode.None;
        var copy = key.ToArray();
        _aes.Key = copy;
        CryptographicOperations.ZeroMemory(copy);
        _encryptor = _aes.CreateEncryptor();
        _counter = BinaryPrimitives.ReadUInt128BigEndian(initialCounter);
    }

    /// <summary>XORs the next bytes of the key stream into <paramref name="bytes"/>.</summary>
    public void Apply(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_used == _filled)
                Fill(bytes.Length);
            var count = Math.Min(bytes.Length, _filled - _used);
            Xor(bytes[..count], _stream.AsSpan(_used, count));
            _used += count;
            bytes = bytes[count..];
        }
    }

    public void Dispose()
    {
        _encryptor.Dispose();
        _aes.Dispose();
        CryptographicOperations.ZeroMemory(_stream);
    }

    private void Fill(int wanted)
    {
        var count = Math.Min(BatchBytes, (wanted + BlockLength - 1) / BlockLength * BlockLength);
        for (var at = 0; at < count; at += BlockLength)
            BinaryPrimitives.WriteUInt128BigEndian(_counters.AsSpan(at), _counter++);
        _filled = _encryptor.TransformBlock(_counters, 0, count, _stream, 0);
        _used = 0;
    }

    private static void Xor(Span<byte> into, ReadOnlySpan<byte> with)
    {
        var intoVectors = MemoryMarshal.Cast<byte, Vector<byte>>(into);
        var withVectors = MemoryMarshal.Cast<byte, Vector<byte>>(with);
        for (var i = 0; i < intoVectors.Length; i++)
            intoVectors[i] ^= withVectors[i];
        for (var i = intoVectors.Length * Vector<byte>.Count; i < into.Length; i++)
            into[i] ^= with[i];
    }
}
