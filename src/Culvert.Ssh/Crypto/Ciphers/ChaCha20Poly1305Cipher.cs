using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace Culvert.Ssh.Crypto;

/// <summary><c>chacha20-poly1305@openssh.com</c> (OpenSSH PROTOCOL.chacha20poly1305): 64 bytes of key, the first half for the payload, the second
/// for the length. The nonce is the packet's sequence number, which is why keys must be changed long before that wraps.
/// Block 0 of the payload's key stream is the Poly1305 key; the payload begins with block 1.</summary>
internal sealed class ChaCha20Poly1305Cipher : PacketCipher
{
    public const int KeyLength = 64;

    private const int Tag = 16;
    private readonly ChaCha20KeyStream _payload;
    private readonly ChaCha20KeyStream _length;
    private readonly Poly1305 _poly = new();
    private readonly KeyParameter _polyKey = new(new byte[32]);
    private readonly byte[] _polyKeyBytes;
    private readonly byte[] _nonce = new byte[ChaCha20KeyStream.NonceLength];

    public ChaCha20Poly1305Cipher(ReadOnlySpan<byte> key)
    {
        _payload = new(key[..32]);
        _length = new(key[32..KeyLength]);
        _polyKeyBytes = BytesOf(_polyKey);
    }

    public override int BlockLength => 8;
    public override bool LengthIsApart => true;
    public override int TagLength => Tag;
    public override long LifetimeBytes => 1L << 30;

    public override uint ReadLength(uint sequence, Span<byte> head)
    {
        // The tag covers the encrypted length, so the packet keeps it; only a copy is decrypted.
        Span<byte> length = stackalloc byte[4];
        head[..4].CopyTo(length);
        SetNonce(sequence);
        _length.Start(_nonce);
        _length.Apply(length);
        return BinaryPrimitives.ReadUInt32BigEndian(length);
    }

    public override bool Open(uint sequence, Span<byte> packet)
    {
        SetNonce(sequence);
        Span<byte> tag = stackalloc byte[Tag];
        ComputeTag(packet[..^Tag], tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, packet[^Tag..]))
            return false;
        _payload.ApplyFromBlockOne(_nonce, packet[4..^Tag]);
        return true;
    }

    public override void Seal(uint sequence, Span<byte> packet)
    {
        SetNonce(sequence);
        _length.Start(_nonce);
        _length.Apply(packet[..4]);
        _payload.ApplyFromBlockOne(_nonce, packet[4..^Tag]);
        ComputeTag(packet[..^Tag], packet[^Tag..]);
    }

    public override void Dispose()
    {
        _payload.Dispose();
        _length.Dispose();
        CryptographicOperations.ZeroMemory(_polyKeyBytes);
        _poly.Init(_polyKey);
    }

    /// <summary>64 bits in SSH, 96 in .NET and BouncyCastle: four zero bytes before it are the upper half of the original block counter,
    /// which stays zero below 256 GiB a packet.</summary>
    private void SetNonce(uint sequence) => BinaryPrimitives.WriteUInt64BigEndian(_nonce.AsSpan(4), sequence);

    private void ComputeTag(ReadOnlySpan<byte> bytes, Span<byte> tag)
    {
        CryptographicOperations.ZeroMemory(_polyKeyBytes);
        _payload.Start(_nonce);
        _payload.Apply(_polyKeyBytes);
        _poly.Init(_polyKey);
        _poly.BlockUpdate(bytes);
        _poly.DoFinal(tag);
    }

    /// <summary>The copy of a key that its object has made. Each packet has a key of its own, and there is no other way to hand it over than in a new object with a new copy.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "m_key")]
    private static extern ref byte[] BytesOf(KeyParameter key);
}
