using System.Security.Cryptography;
using System.Text;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Auth;

/// <summary><c>publickey</c> (RFC 4252 §7): asks whether a key would do before anything is decrypted or signed.</summary>
/// <param name="peerExtensions">The server's extensions (RFC 8308), looked at when a key is offered: they may arrive late.</param>
internal sealed class PublicKeyMethod(Func<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> peerExtensions) : AuthenticationMethod, IAsyncDisposable
{
    private PublicKeyCandidates? _candidates;
    private int _next;

    public override string Name => AuthenticationMessages.PublicKey;

    public override async ValueTask<AuthenticationReply?> TryAsync(AuthenticationExchange exchange, CancellationToken cancellationToken)
    {
        _candidates ??= await PublicKeyCandidates.GatherAsync(exchange.Options, cancellationToken);
        while (_next < _candidates.Keys.Count)
        {
            if (await TryAsync(exchange, _candidates.Keys[_next++], cancellationToken) is not { } reply)
                continue;
            if (reply.Partial)
            {
                // A second key may be demanded; the one that served doesn't serve twice.
                _candidates.Keys.RemoveAt(_next - 1);
                _next = 0;
            }
            return reply;
        }
        return null;
    }

    public ValueTask DisposeAsync() => _candidates?.DisposeAsync() ?? default;

    /// <summary>Null: this key could not be offered or did not sign.</summary>
    private async ValueTask<AuthenticationReply?> TryAsync(AuthenticationExchange exchange, PublicKeyCandidate candidate, CancellationToken cancellationToken)
    {
        var options = exchange.Options;
        Signer? opened = null;
        try
        {
            if (candidate.PublicKey is null)
                opened = await candidate.File!.OpenAsync(options.Ask, options.Show, cancellationToken);
            if ((candidate.PublicKey ?? opened?.PublicKey) is not { } key)
                return null;
            if (key.RsaBits < options.RequiredRsaBits)
            {
                options.Show?.Invoke($"Skipping {key.ShortName} key {candidate.Source}: Invalid key length (RequiredRSASize is {options.RequiredRsaBits})");
                return null;
            }
            if (ChooseAlgorithm(key, options.Accepts) is not { } algorithm)
            {
                Log.NoMutualSignature(options.Logger, candidate.Source);
                return null;
            }

            Log.OfferingKey(options.Logger, candidate.Source, key.ShortName, key.Fingerprint);
            var answer = await exchange.ExchangeAsync(AuthenticationMessages.PublicKeyProbe(options.User, algorithm, key), cancellationToken);
            if (answer.Span[0] != MessageNumber.UserAuthPublicKeyOk)
                return AuthenticationReply.Parse(answer.Span);
            RequireSameKey(answer.Span, key);
            Log.ServerAcceptsKey(options.Logger, candidate.Source, key.ShortName, key.Fingerprint);

            if (candidate.Signer is null)
                opened ??= await candidate.File!.OpenAsync(options.Ask, options.Show, cancellationToken);
            return (candidate.Signer ?? opened) is { } signer ? await SignAsync(exchange, candidate.Showing(signer), algorithm, cancellationToken) : null;
        }
        catch (KeyFileException e)
        {
            options.Show?.Invoke(e.Message);
            return null;
        }
        catch (Exception e) when (e is AgentException or CryptographicException)
        {
            options.Show?.Invoke($"sign_and_send_pubkey: signing failed for {candidate.PublicKey?.ShortName} key from {candidate.Source}: {e.Message}");
            return null;
        }
        finally
        {
            opened?.Dispose();
        }
    }

    private static async ValueTask<AuthenticationReply> SignAsync(
        AuthenticationExchange exchange, Signer signer, string algorithm, CancellationToken cancellationToken)
    {
        var request = AuthenticationMessages.SignedPublicKey(exchange.Options.User, algorithm, signer.PublicKey.Blob.Span);
        var data = AuthenticationMessages.SignedData(exchange.SessionId.Span, request.WrittenSpan);
        // An agent may ask its user to confirm, or to touch a security key.
        var signature = await exchange.Options.PauseAsync(() => signer.SignAsync(algorithm, data, cancellationToken));
        return AuthenticationReply.Parse((await exchange.ExchangeAsync(request.String(signature), cancellationToken)).Span);
    }

    /// <summary>As in OpenSSH the server's list, which names no certificates, decides only for RSA, where one key has several algorithms. A server that sends
    /// no list and can do RFC 8332 at all is the likeliest to know rsa-sha2-256.</summary>
    private string? ChooseAlgorithm(PublicKey key, Func<string, bool>? accepts)
    {
        var ours = key.SignatureAlgorithms.Where(name => accepts is null || accepts(name)).ToList();
        if (((key as Certificate)?.Key ?? key) is not RsaPublicKey)
            return ours.FirstOrDefault();
        if (!peerExtensions().TryGetValue("server-sig-algs", out var list))
            return ours.Find(name => CertificateNames.Plain(name) == RsaPublicKey.Sha256Name) ?? ours.FirstOrDefault();
        var accepted = Encoding.ASCII.GetString(list.Span).Split(',');
        return ours.Find(name => accepted.Contains(CertificateNames.Plain(name)));
    }

    private static void RequireSameKey(ReadOnlySpan<byte> payload, PublicKey key)
    {
        // RFC 4252 §7
        //   byte      SSH_MSG_USERAUTH_PK_OK
        //   string    public key algorithm name from the request
        //   string    public key blob from the request
        var reader = new SshReader(payload, "SSH_MSG_USERAUTH_PK_OK");
        reader.Byte("message");
        reader.String("algorithm");
        var blob = reader.String("public key");
        reader.End();
        if (!blob.SequenceEqual(key.Blob.Span))
            throw new SshProtocolException("SSH_MSG_USERAUTH_PK_OK: for a key that was not offered");
    }
}
