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

    /// <summary>One such line. OpenSSH takes 8 KiB; what people read is shorter.</summary>
    public const int MaximumPreVersionLine = 1024;

    /// <summary>RFC 4253 §6: payloads up to 32,768 bytes must be taken, and what sends more than the 256 KiB of a packet is misused.
    /// Leaves room for the length, 255 bytes of padding and its own byte.</summary>
    public const int MaximumPayload = MaximumPacketLength - 512;

    /// <summary>Names on one list of a KEXINIT: OpenSSH 10 sends about 30. Comparing lists takes their product.</summary>
    public const int MaximumNames = 512;

    /// <summary>Characters of a name or a reason that are kept: host names have 255, and answers repeat channel types, of which a peer could make us queue thousands.</summary>
    public const int MaximumDisplayText = 256;

    /// <summary>The transport's own answers that wait for the peer to read them. A peer that provokes more and reads none wants our memory.</summary>
    public const int MaximumPendingAnswers = 256;

    /// <summary>Extensions in one EXT_INFO: OpenSSH's limit. A server names three.</summary>
    public const int MaximumExtensions = 1024;

    /// <summary>Keys that carried less than this, both ways together, were hardly used …</summary>
    public const int HardlyUsed = 16 * 1024;

    /// <summary>… and so many changes of hardly used keys, each within a second of the last, are an attack on our processor: the agreements and signatures of one
    /// cost us milliseconds. Whoever changes keys by time or by bytes does one or the other.</summary>
    public const int MaximumNeedlessExchanges = 256;

    /// <summary>A connection that carries nothing keeps this much for each direction …</summary>
    public const int IdleBuffer = 16 * 1024;

    /// <summary>… and under load reads up to this much at once: system calls cost more than anything else (measured) …</summary>
    public const int MaximumReceiveBuffer = 1024 * 1024;

    /// <summary>… and sends up to this much at once: sshd spends a third less on batches of this size (measured). Seven full packets fit; the eighth of a turn goes by itself, while
    /// sshd is busy with those (one send for all eight was no faster, measured).</summary>
    public const int MaximumSendBuffer = 256 * 1024;

    /// <summary>What one channel sends in one packet, and takes from anybody: what every peer knows.</summary>
    public const int MaximumChannelPacket = 32 * 1024;

    /// <summary>What it takes from OpenSSH over a long way. OpenSSH reads no more at once from what it forwards, into a buffer of all that it has credit for; for each such read it copies the
    /// whole buffer into a larger one. With reads of 32 KiB it stands still for two seconds in every download over a long way, with these it doesn't (measured; larger ones gain little).
    /// A hundred channels at once cost it half as much processor time again with these, fresh memory for each (measured): only the first few of a connection take them, and
    /// only where the way is long.</summary>
    public const int LargeChannelPacket = 128 * 1024;

    /// <summary>Start of the receive window of a channel that moves files: what OpenSSH gives (64 packets); growing pays only where it is measured to.</summary>
    public const int InitialWindow = 2 * 1024 * 1024;
}
