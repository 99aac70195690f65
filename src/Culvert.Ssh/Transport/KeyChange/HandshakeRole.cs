using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Transport;

/// <summary>What one exchange yields: the secret and the exchange hash, and what has to be sent before NEWKEYS.</summary>
internal sealed record ExchangeResult(byte[] EncodedSecret, byte[] Hash, byte[]? Reply);

/// <summary>One exchange: both KEXINITs have been seen and agreed upon.</summary>
/// <param name="Method">The method's run.</param>
/// <param name="Agreed">What was agreed.</param>
/// <param name="Versions">Both version lines.</param>
/// <param name="Own">Our KEXINIT.</param>
/// <param name="Peer">The peer's KEXINIT.</param>
internal sealed record ExchangeContext(KeyExchange Method, NegotiatedAlgorithms Agreed, Versions Versions, KexInit Own, KexInit Peer);

/// <summary>The half of a key exchange that differs between client and server.</summary>
internal abstract class HandshakeRole
{
    public abstract bool IsClient { get; }

    /// <summary>Signature algorithms for host keys to offer.</summary>
    public abstract IReadOnlyList<string> HostKeyAlgorithms { get; }

    /// <summary>The run of a method that was agreed upon; the caller's.</summary>
    public virtual ValueTask<KeyExchange> MethodAsync(string name) => new(KeyExchange.Create(name));

    /// <summary>What is sent when both KEXINITs are there: the client's first message.</summary>
    public abstract byte[]? Begin(ExchangeContext exchange);

    /// <summary>Takes a message about parameters, while the method awaits them, and returns the answer.</summary>
    public abstract byte[] Agree(ExchangeContext exchange, ReadOnlySpan<byte> payload);

    /// <summary>Takes the peer's message with its public value.</summary>
    public abstract ValueTask<ExchangeResult> FinishAsync(ExchangeContext exchange, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);

    /// <summary>Which lists are the client's, and which the server's.</summary>
    public NegotiationResult Negotiate(KexInit own, KexInit peer) => IsClient
        ? Negotiation.Negotiate(own.Offer, peer.Offer, theyAreServer: true)
        : Negotiation.Negotiate(peer.Offer, own.Offer, theyAreServer: false);
}
