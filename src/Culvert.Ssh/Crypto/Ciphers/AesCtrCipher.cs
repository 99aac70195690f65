using System.Buffers.Binary;

namespace Culvert.Ssh.Crypto;

/// <summary>AES-CTR with encrypt-and-MAC (RFC 4253 §6.4): the MAC covers the plaintext, so the first block, with the length in it, has to be decrypted
/// before anything is proved. The length's limits are all that stands between; a wrong one ends the connection.</summary>
internal sealed class AesCtrCipher(AesCounter counter, PacketMac mac) : PacketCipher
{
    public override int BlockLength => AesCounter.BlockLength;
    public override bool LengthIsApart => false;
    public override int TagLength => mac.TagLength;
    public override int HeadLength => AesCounter.BlockLength;
    public override long LifetimeBytes => 16L << 32;

    public override uint ReadLength(uint sequence, Span<byte> head)
    {
        counter.Apply(head[..HeadLength]);
        return BinaryPrimitives.ReadUInt32BigEndian(head);
    }

    public override bool Open(uint sequence, Span<byte> packet)
    {
        counter.Apply(packet[HeadLength..^TagLength]);
        return mac.Check(sequence, packet[..^TagLength], packet[^TagLength..]);
    }

    public override void Seal(uint sequence, Span<byte> packet)
    {
        mac.Compute(sequence, packet[..^TagLength], packet[^TagLength..]);
        counter.Apply(packet[..^TagLength]);
    }

    public override void Dispose()
    {
        counter.Dispose();
        mac.Dispose();
    }
}
