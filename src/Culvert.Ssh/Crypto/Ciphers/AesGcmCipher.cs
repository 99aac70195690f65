using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary><c>aes128-gcm@openssh.com</c> and <c>aes256-gcm@openssh.com</c> (RFC 5647 §7 as OpenSSH PROTOCOL §1.6 has it): the length is sent in the
/// clear and authenticated; the nonce is 4 fixed bytes and a 64-bit counter, both from the key exchange, the counter going up by one a packet.</summary>
internal sealed class AesGcmCipher : PacketCipher
{
    public const int NonceLength = 12;

    private const int Tag = 16;
    private readonly AesGcm _aes;
    private readonly byte[] _nonce;

    public AesGcmCipher(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce)
    {
        _aes = new AesGcm(key, Tag);
        _nonce = nonce[..NonceLength].ToArray();
    }

    public override int BlockLength => 16;
    public override bool LengthIsApart => true;
    public override int TagLength => Tag;
    public override long LifetimeBytes => 16L << 32;

    public override uint ReadLength(uint sequence, Span<byte> head) => BinaryPrimitives.ReadUInt32BigEndian(head);

    public override bool Open(uint sequence, Span<byte> packet)
    {
        var body = packet[4..^Tag];
        try
        {
            _aes.Decrypt(_nonce, body, packet[^Tag..], body, packet[..4]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        Advance();
        return true;
    }

    public override void Seal(uint sequence, Span<byte> packet)
    {
        var body = packet[4..^Tag];
        _aes.Encrypt(_nonce, body, body, packet[^Tag..], packet[..4]);
        Advance();
    }

    public override void Dispose() => _aes.Dispose();

    private void Advance()
    {
        var counter = _nonce.AsSpan(4);
        BinaryPrimitives.WriteUInt64BigEndian(counter, BinaryPrimitives.ReadUInt64BigEndian(counter) + 1);
    }
}
