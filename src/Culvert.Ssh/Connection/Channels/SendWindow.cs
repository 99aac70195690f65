using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>How much the peer lets us send on one channel, and in what pieces (RFC 4254 §5.1, §5.2). sshd drops what exceeds either without a word to
/// us, so this accounting is what keeps an upload whole. Pure; the channel's lock guards it.</summary>
internal sealed class SendWindow
{
    private uint _left;
    private uint _packet;

    /// <summary>The peer said how much it takes: in its open, or in its confirmation. Packets of no size were refused when the message was read.</summary>
    public void Start(uint window, uint maximumPacket)
    {
        _left = window;
        _packet = maximumPacket;
    }

    /// <summary>How much the next packet may carry; 0: wait.</summary>
    public int Room => (int)Math.Min(Math.Min(_left, _packet), Limits.MaximumChannelPacket);

    /// <summary>What the peer takes before it gives more credit.</summary>
    public uint Left => _left;

    /// <summary>A packet is on its way.</summary>
    public void Sent(int count)
    {
        if (count > Room)
            throw new InvalidOperationException("More was sent than the peer takes.");
        _left -= (uint)count;
    }

    /// <summary>WINDOW_ADJUST came.</summary>
    public void Adjust(uint more)
    {
        if (more > uint.MaxValue - _left)
            throw new SshProtocolException("CHANNEL_WINDOW_ADJUST: the window would exceed 2^32 - 1 bytes (RFC 4254 §5.2)");
        _left += more;
    }
}
