using System.Buffers.Binary;

namespace Culvert.Ssh.Crypto;

/// <summary>AES-CTR with encrypt-then-MAC (OpenSSH PROTOCOL §1.5): the length is sent in the clear, and the MAC covers it and the ciphertext.</summary>
internal sealed class AesCtrEtmCipher(AesCounter counter, PacketMac mac) : PacketCipher
{
    public override int BlockLength => AesCounter.BlockLength;
    public override bool LengthIsApart => true;
    public override int TagLength => mac.TagLength;
    public override long LifetimeBytes => 16L << 32;

    public override uint ReadLength(uint sequence, Span<byte> head) => BinaryPrimitives.ReadUInt32BigEndian(head);

    public override bool Open(uint sequence, Span<byte> packet)
    {
        if (!mac.Check(sequence, packet[..^TagLength], packet[^TagLength..]))
            return false;
        counter.Apply(packet[4..^TagLength]);
        return true;
    }

    public override void Seal(uint sequence, Span<byte> packet)
    {
        counter.Apply(packet[4..^TagLength]);
        mac.Compute(sequence, packet[..^TagLength], packet[^TagLength..]);
    }

    public override void Dispose()
    {
        counter.Dispose();
        mac.Dispose();
    }
}
