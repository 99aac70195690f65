using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>HMAC over a sequence number and a packet (RFC 4253 §6.4, RFC 6668).</summary>
internal sealed class PacketMac : IDisposable
{
    private const int LongestTag = 64;
    private readonly IncrementalHash _hmac;

    public PacketMac(HashAlgorithmName hash, ReadOnlySpan<byte> key)
    {
        _hmac = IncrementalHash.CreateHMAC(hash, key);
        TagLength = _hmac.HashLengthInBytes;
    }

    public int TagLength { get; }

    public void Compute(uint sequence, ReadOnlySpan<byte> packet, Span<byte> tag)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, sequence);
        _hmac.AppendData(number);
        _hmac.AppendData(packet);
        _hmac.GetHashAndReset(tag);
    }

    /// <summary>Compares in a time that doesn't depend on where the tags differ.</summary>
    public bool Check(uint sequence, ReadOnlySpan<byte> packet, ReadOnlySpan<byte> tag)
    {
        Span<byte> computed = stackalloc byte[LongestTag];
        Compute(sequence, packet, computed[..TagLength]);
        return CryptographicOperations.FixedTimeEquals(computed[..TagLength], tag);
    }

    public void Dispose() => _hmac.Dispose();
}
