namespace Culvert.Ssh.Transport;

/// <summary>When keys are worn out. Whatever is reached first, in either direction, starts an exchange; a cipher's own lifetime (2^32 blocks of AES;
/// 1 GiB of ChaCha20, as in OpenSSH) holds in any case. Immutable.</summary>
public sealed record RekeyLimits
{
    /// <summary>The cipher's lifetime and 2^30 packets, no limit in time.</summary>
    /// <remarks>RFC 4253 §9 recommends an hour as well, for ciphers of its day. As OpenSSH we don't: keys don't age, and an exchange on an idle link
    /// only wakes it.</remarks>
    public static RekeyLimits Default { get; } = new();

    /// <summary>Bytes in one direction.</summary>
    public long Bytes { get; init; } = long.MaxValue;

    /// <summary>Packets in one direction. RFC 4344 §3.1 allows 2^31; ChaCha20's nonce is the packet's 32-bit number, so that a repetition would
    /// reveal plaintext. A quarter leaves a peer time to agree.</summary>
    public long Packets { get; init; } = 1L << 30;

    /// <summary>Age of the keys, looked at whenever a packet passes; null: no limit.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Whether one direction's keys are worn out.</summary>
    internal bool AreReached(DirectionState direction) =>
        direction.Packets >= Packets || direction.Bytes >= Math.Min(Bytes, direction.Cipher.LifetimeBytes);
}
