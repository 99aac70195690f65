using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>What is on the other side of a channel that isn't only a connection: it takes requests (RFC 4254 §5.4), and such a channel has a second stream for errors.
/// Its end is its CLOSE, because a session's exit status comes between EOF and CLOSE.</summary>
internal abstract class ChannelRequests
{
    /// <summary>The peer makes a request. On the reader loop and under the channel's lock, so that an answer goes out before anything that follows from it.</summary>
    /// <returns>Whether it's granted. False for what isn't known.</returns>
    /// <exception cref="SshProtocolException">It's malformed.</exception>
    public abstract bool Take(string type, ref SshReader specific);

    /// <summary>CLOSE came (null), or the connection is gone. Once; may come on any thread.</summary>
    public abstract void Closed(Failure? lost);
}
