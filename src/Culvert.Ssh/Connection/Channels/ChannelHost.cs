namespace Culvert.Ssh.Connection;

/// <summary>What the channels of one connection share.</summary>
internal sealed record ChannelHost(
    SendQueue Queue, ConnectionBuffers Buffers, ChannelTable Table, WindowBudget WindowBudget, RoundTrip RoundTrip, TimeProvider Time);
