using System.Security.Cryptography;
using Culvert.Net;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>The client: sends its public value, checks that the server holds the host key, and asks the policy whether it is the right one. Asked once:
/// later exchanges must show the same key.</summary>
internal sealed class ClientRole(Endpoint server, HostKeyPolicy policy, TransportOptions options) : HandshakeRole
{
    private byte[]? _public;
    private byte[]? _acceptedHostKey;

    public override bool IsClient => true;

    public override IReadOnlyList<string> HostKeyAlgorithms => options.Algorithms.HostKey;

    public override async ValueTask<KeyExchange> MethodAsync(string name) =>
        options.Prepared is { } prepared && await prepared.TakeAsync(name) is { } method ? method : KeyExchange.Create(name);

    public override byte[] Begin(ExchangeContext exchange) => exchange.Method.AwaitsParameters ? exchange.Method.Request() : Init(exchange.Method);

    public override byte[] Agree(ExchangeContext exchange, ReadOnlySpan<byte> payload)
    {
        exchange.Method.TakeParameters(payload);
        return Init(exchange.Method);
    }

    public override async ValueTask<ExchangeResult> FinishAsync(ExchangeContext exchange, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var (hostKey, result) = Verify(exchange, payload.Span);
        try
        {
            await AcceptAsync(hostKey, cancellationToken);
        }
        catch
        {
            CryptographicOperations.ZeroMemory(result.EncodedSecret);
            throw;
        }
        return result;
    }

    private byte[] Init(KeyExchange method)
    {
        _public = method.Begin();
        return new SshWriter(2048).Byte(method.InitNumber).String(_public).ToArray();
    }

    private async ValueTask AcceptAsync(PublicKey hostKey, CancellationToken cancellationToken)
    {
        if (_acceptedHostKey is null)
        {
            Log.ServerHostKey(options.Logger, hostKey.Type, hostKey.Fingerprint);
            await policy(new(server, hostKey.Type, hostKey.Blob, hostKey.Fingerprint), cancellationToken);
            _acceptedHostKey = hostKey.Blob.ToArray();
        }
        else if (!_acceptedHostKey.AsSpan().SequenceEqual(hostKey.Blob.Span))
        {
            throw new SshHostKeyException($"{server.Host} showed another host key when keys were changed ({hostKey.Type} {hostKey.Fingerprint})") { HasChanged = true };
        }
    }

    private (PublicKey HostKey, ExchangeResult Result) Verify(ExchangeContext exchange, ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "KEX_ECDH_REPLY");
        if (reader.Byte("number") != exchange.Method.ReplyNumber)
            throw new SshProtocolException($"message {payload[0]} where the server's reply to the key exchange belongs");
        var blob = reader.String("K_S");
        var serverPublic = reader.String("Q_S");
        var signature = reader.String("signature");
        reader.End();

        var hostKey = PublicKeys.Parse(blob);
        var algorithm = exchange.Agreed.HostKey;
        if (!hostKey.SignatureAlgorithms.Contains(algorithm, StringComparer.Ordinal))
            throw new SshProtocolException($"{algorithm} was agreed upon, the server showed a host key of type {hostKey.Type}", DisconnectReason.KeyExchangeFailed);
        var secret = exchange.Method.Complete(serverPublic);
        var hash = new ExchangeTranscript(exchange.Versions.Own, exchange.Versions.Remote, exchange.Own.Payload, exchange.Peer.Payload,
            blob.ToArray(), exchange.Method.Parameters, _public!, serverPublic.ToArray()).Hash(exchange.Method.Hash, secret);
        if (hostKey.Verify(algorithm, hash, signature))
            return (hostKey, new(secret, hash, Reply: null));
        CryptographicOperations.ZeroMemory(secret);
        throw new SshProtocolException("the server's signature of the key exchange is wrong: it does not hold the host key it shows", DisconnectReason.KeyExchangeFailed);
    }
}
