using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>A CHANNEL_OPEN of the peer, without what depends on its type.</summary>
internal readonly record struct IncomingOpen(string Type, uint Sender, uint Window, uint MaximumPacket);

/// <summary>What the peer may ask of us. The client half and the server half differ in this alone. Called on the reader loop.</summary>
internal interface IConnectionRole
{
    /// <summary>The peer wants a channel: <see cref="Multiplexer.Reserve"/> and confirm it, now or later, or <see cref="Multiplexer.Refuse"/>.</summary>
    void Open(in IncomingOpen open, ref SshReader specific);

    /// <summary>The peer makes a global request. If it wants a reply, exactly one is to be sent by <see cref="Multiplexer.Reply"/> before the task
    /// completes; the reader loop waits for it.</summary>
    ValueTask RequestAsync(string name, bool wantsReply, ReadOnlyMemory<byte> specific, CancellationToken cancellationToken);

    /// <summary>The connection is gone; nothing is called after this. May come on any thread.</summary>
    void Lost(Failure failure);
}
