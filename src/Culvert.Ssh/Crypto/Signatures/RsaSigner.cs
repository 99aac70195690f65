using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>An RSA private key in memory, signing by RFC 8332.</summary>
internal sealed class RsaSigner : Signer
{
    private readonly RSA _key;
    private readonly RsaPublicKey _publicKey;

    /// <summary>Takes the key over.</summary>
    /// <exception cref="SshProtocolException">The key is too short.</exception>
    public RsaSigner(RSA key)
    {
        _key = key;
        var parameters = key.ExportParameters(false);
        _publicKey = RsaPublicKey.FromNumbers(parameters.Modulus, parameters.Exponent);
    }

    public override PublicKey PublicKey => _publicKey;

    public static RsaSigner Generate(int bits = 3072) => new(RSA.Create(bits));

    public override ValueTask<byte[]> SignAsync(string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        RequireAlgorithm(algorithm);
        var signature = _key.SignData(data.Span, RsaPublicKey.HashOf(algorithm), RSASignaturePadding.Pkcs1);
        var blob = SignatureBlob.Write(algorithm, signature);
        // One faulty signature made with the two primes gives the key away: look before it leaves.
        if (!_publicKey.Verify(algorithm, data.Span, blob))
            throw new CryptographicException("the RSA key's numbers do not belong together");
        return new(blob);
    }

    public override void Dispose() => _key.Dispose();
}
