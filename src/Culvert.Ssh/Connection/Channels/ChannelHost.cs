using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>What the channels of one connection share.</summary>
internal sealed record ChannelHost(
    SendQueue Queue, ConnectionBuffers Buffers, ChannelTable Table, WindowBudget WindowBudget, RoundTrip RoundTrip, TimeProvider Time)
{
    /// <summary>Large packets help the peer over a long way.</summary>
    public bool TakesLargePackets { get; init; }

    /// <summary>What the peer may send in one packet on a channel that begins now, in bytes.</summary>
    public int MaximumPacketOf(Priority priority) =>
        TakesLargePackets && priority == Priority.Bulk && Table.BulkCount < ConnectionLimits.MaximumLargePacketChannels && RoundTrip.FarAway is not null
            ? Limits.LargeChannelPacket : Limits.MaximumChannelPacket;

    /// <summary>For a peer that may hold credit back; null: it doesn't.</summary>
    public Nudge? Nudge { get; init; }
}
