using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Transport;

/// <summary>One direction of a connection: its cipher, the number of its next packet, and what its present keys have carried.</summary>
internal sealed class DirectionState
{
    public PacketCipher Cipher { get; private set; } = new PlainCipher();

    /// <summary>The number of the next packet (RFC 4253 §6.4): never sent, counted from 0, wraps, goes on over a change of keys unless that is strict.</summary>
    public uint Sequence { get; private set; }

    /// <summary>Bytes carried since the keys were changed.</summary>
    public long Bytes { get; private set; }

    /// <summary>Packets carried since the keys were changed.</summary>
    public long Packets { get; private set; }

    public void Count(int bytes)
    {
        Sequence++;
        Bytes += bytes;
        Packets++;
    }

    /// <summary>Changes keys, right after NEWKEYS. Strict key exchange begins to count anew, so that packets lost before it can't go unnoticed.</summary>
    public void Change(PacketCipher cipher, bool resetSequence)
    {
        Cipher.Dispose();
        Cipher = cipher;
        Bytes = 0;
        Packets = 0;
        if (resetSequence)
            Sequence = 0;
    }
}
