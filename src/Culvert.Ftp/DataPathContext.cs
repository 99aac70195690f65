using Culvert.Ftp.Dialogue;
using Culvert.Ftp.Tls;
using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Ftp;

/// <summary>What the data paths of a session have in common.</summary>
internal sealed record DataPathContext(INetwork Near, INetwork Far, Endpoint NearHost, Endpoint Server, Peer Client, FtpRelayOptions Options, TimeProvider Time,
    ILogger Logger, long Session, Action<PathEvent> Post, Action Completed)
{
    /// <summary>Encrypts a connection to the client, which has asked for that (PROT P).</summary>
    public Func<Duplex, TlsDuplex>? EncryptNear { get; init; }

    /// <summary>Encrypts each connection to the server.</summary>
    public Func<Duplex, TlsDuplex>? EncryptFar { get; init; }

    /// <summary>The client's address, for a network that tells it on.</summary>
    public Endpoint? Originator => Client.Knowledge == AddressKnowledge.Unknown ? null : Client.Address;
}
