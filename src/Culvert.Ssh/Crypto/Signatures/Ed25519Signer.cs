using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Culvert.Ssh.Crypto;

/// <summary>An Ed25519 private key in memory (RFC 8032 §5.1.5: a seed of 32 bytes).</summary>
internal sealed class Ed25519Signer : Signer
{
    private readonly byte[] _seed;
    private readonly byte[] _point;
    private readonly Ed25519PublicKey _publicKey;

    /// <summary>Copies the seed; the caller wipes its own.</summary>
    public Ed25519Signer(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != Ed25519.SecretKeySize)
            throw new ArgumentException("an Ed25519 seed has 32 bytes", nameof(seed));
        _seed = seed.ToArray();
        _point = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(_seed, 0, _point, 0);
        _publicKey = Ed25519PublicKey.FromPoint(_point);
    }

    public override PublicKey PublicKey => _publicKey;

    public static Ed25519Signer Generate()
    {
        Span<byte> seed = stackalloc byte[Ed25519.SecretKeySize];
        RandomNumberGenerator.Fill(seed);
        var signer = new Ed25519Signer(seed);
        CryptographicOperations.ZeroMemory(seed);
        return signer;
    }

    public override ValueTask<byte[]> SignAsync(string algorithm, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        RequireAlgorithm(algorithm);
        var signature = new byte[Ed25519.SignatureSize];
        // The public point is hashed into the signature: it must be our own, never one that a caller hands in.
        Ed25519.Sign(_seed, 0, _point, 0, data.ToArray(), 0, data.Length, signature, 0);
        return new(SignatureBlob.Write(algorithm, signature));
    }

    public override void Dispose() => CryptographicOperations.ZeroMemory(_seed);
}
