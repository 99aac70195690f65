namespace Culvert.Ssh.Crypto;

/// <summary>Protects the packets of one direction (RFC 4253 §6): encryption and authentication as one step, so that AEAD, encrypt-then-MAC
/// and encrypt-and-MAC are equal citizens. A packet is
/// <code>
/// uint32    packet_length  (of what follows, without the tag)
/// byte      padding_length
/// byte[n1]  payload
/// byte[n2]  random padding
/// byte[m]   tag
/// </code>
/// and is sealed and opened in place.</summary>
/// <remarks>One instance serves one direction, from one task at a time. Disposing wipes the keys.</remarks>
internal abstract class PacketCipher : IDisposable
{
    /// <summary>What the padded part must be a multiple of (RFC 4253 §6: at least 8).</summary>
    public abstract int BlockLength { get; }

    /// <summary>Whether <c>packet_length</c> stands outside the padded part: so it is with AEAD and encrypt-then-MAC.</summary>
    public abstract bool LengthIsApart { get; }

    /// <summary>Bytes after the packet that prove it.</summary>
    public abstract int TagLength { get; }

    /// <summary>Bytes of a packet that must be there before its length can be read.</summary>
    public virtual int HeadLength => 4;

    /// <summary>Bytes that one set of keys may carry before it wears out.</summary>
    /// <remarks>OpenSSH's rule, from RFC 4344 §3.2: 2^32 blocks of 16 bytes; 1 GiB for ciphers that count in blocks of 8.</remarks>
    public abstract long LifetimeBytes { get; }

    /// <summary>Reads <c>packet_length</c> from the first <see cref="HeadLength"/> bytes. Called exactly once a packet, before <see cref="Open"/>;
    /// may decrypt those bytes in place. The number is not to be believed before it was checked against the limits.</summary>
    public abstract uint ReadLength(uint sequence, Span<byte> head);

    /// <summary>Checks and decrypts a whole packet with its tag in place.</summary>
    /// <returns>False when the packet is forged; its content is then undefined and must not be looked at.</returns>
    public abstract bool Open(uint sequence, Span<byte> packet);

    /// <summary>Encrypts a whole packet in place and fills in its tag.</summary>
    public abstract void Seal(uint sequence, Span<byte> packet);

    /// <inheritdoc/>
    public abstract void Dispose();
}
