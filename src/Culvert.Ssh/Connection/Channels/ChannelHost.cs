namespace Culvert.Ssh.Connection;

/// <summary>What the channels of one connection share. The nudge is for a peer that holds credit back; null: it doesn't.</summary>
internal sealed record ChannelHost(
    SendQueue Queue, ConnectionBuffers Buffers, ChannelTable Table, WindowBudget WindowBudget, RoundTrip RoundTrip, TimeProvider Time, Nudge? Nudge = null);
