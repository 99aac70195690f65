namespace Culvert.Ssh.Wire;

/// <summary>Every limit of the engine, with its reason.</summary>
internal static class Limits
{
    /// <summary>RFC 4253 §6.1 demands 35,000 bytes; OpenSSH sends and accepts up to 256 KiB. More is an attack on memory.</summary>
    public const int MaximumPacketLength = 256 * 1024;

    /// <summary>RFC 4253 §4.2: a version line has at most 255 bytes with CR LF.</summary>
    public const int MaximumVersionLine = 255;

    /// <summary>Lines that a server may send before its version (RFC 4253 §4.2); OpenSSH allows 1,024 of 8 KiB, a tenth serves any banner.</summary>
    public const int MaximumPreVersionLines = 100;

    /// <summary>What one channel takes in one packet: what sshd sends at most, and what fits its own reads.</summary>
    public const int MaximumChannelPacket = 32 * 1024;

    /// <summary>Start of a channel's receive window: what OpenSSH gives (64 packets); growing pays only where it is measured to.</summary>
    public const int InitialWindow = 2 * 1024 * 1024;
}
