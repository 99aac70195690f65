using System.Security.Cryptography;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Transport;

/// <summary>The server: answers the client's public value with its own and signs the exchange with a host key.</summary>
internal sealed class ServerRole(IReadOnlyList<Signer> hostKeys, AlgorithmPreferences preferences) : HandshakeRole
{
    public override bool IsClient => false;

    public override IReadOnlyList<string> HostKeyAlgorithms { get; } =
        [.. preferences.HostKey.Where(name => hostKeys.Any(key => key.PublicKey.SignatureAlgorithms.Contains(name, StringComparer.Ordinal)))];

    public override byte[]? Begin(ExchangeContext exchange) => null;

    public override byte[] Agree(ExchangeContext exchange, ReadOnlySpan<byte> payload) => exchange.Method.AnswerRequest(payload);

    public override async ValueTask<ExchangeResult> FinishAsync(ExchangeContext exchange, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var algorithm = exchange.Agreed.HostKey;
        var signer = hostKeys.First(key => key.PublicKey.SignatureAlgorithms.Contains(algorithm, StringComparer.Ordinal));
        var hostKey = signer.PublicKey.Blob.ToArray();
        var clientPublic = ReadInit(exchange.Method, payload.Span);
        var (serverPublic, secret) = exchange.Method.Answer(clientPublic);
        try
        {
            var hash = new ExchangeTranscript(exchange.Versions.Remote, exchange.Versions.Own, exchange.Peer.Payload, exchange.Own.Payload,
                hostKey, exchange.Method.Parameters, clientPublic, serverPublic).Hash(exchange.Method.Hash, secret);
            var signature = await signer.SignAsync(algorithm, hash, cancellationToken);
            var reply = new SshWriter(4096).Byte(exchange.Method.ReplyNumber).String(hostKey).String(serverPublic).String(signature).ToArray();
            return new(secret, hash, reply);
        }
        catch
        {
            CryptographicOperations.ZeroMemory(secret);
            throw;
        }
    }

    private static byte[] ReadInit(KeyExchange method, ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(payload, "KEX_ECDH_INIT");
        if (reader.Byte("number") != method.InitNumber)
            throw new SshProtocolException($"message {payload[0]} where the client's part of the key exchange belongs");
        var clientPublic = reader.String("Q_C").ToArray();
        reader.End();
        return clientPublic;
    }
}
