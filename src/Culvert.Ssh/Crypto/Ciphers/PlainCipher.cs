using System.Buffers.Binary;

namespace Culvert.Ssh.Crypto;

/// <summary>No protection: every connection begins with it (RFC 4253 §6.3, §6.4, <c>none</c>), and it is never negotiated.</summary>
internal sealed class PlainCipher : PacketCipher
{
    public override int BlockLength => 8;
    public override bool LengthIsApart => false;
    public override int TagLength => 0;
    public override long LifetimeBytes => long.MaxValue;
    public override uint ReadLength(uint sequence, Span<byte> head) => BinaryPrimitives.ReadUInt32BigEndian(head);
    public override bool Open(uint sequence, Span<byte> packet) => true;
    public override void Seal(uint sequence, Span<byte> packet) { }
    public override void Dispose() { }
}
