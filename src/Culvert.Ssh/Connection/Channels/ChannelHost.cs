using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>What the channels of one connection share.</summary>
internal sealed record ChannelHost(
    SendQueue Queue, ConnectionBuffers Buffers, ChannelTable Table, WindowBudget WindowBudget, RoundTrip RoundTrip, TimeProvider Time)
{
    /// <summary>What the peer may send on a channel in one packet, in bytes.</summary>
    public int MaximumPacket { get; init; } = Limits.MaximumChannelPacket;

    /// <summary>For a peer that may hold credit back; null: it doesn't.</summary>
    public Nudge? Nudge { get; init; }
}
