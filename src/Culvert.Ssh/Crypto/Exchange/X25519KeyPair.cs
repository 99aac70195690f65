using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Culvert.Ssh.Crypto;

/// <summary>A key pair for one agreement on Curve25519 (RFC 7748). Disposing wipes the private half.</summary>
internal sealed class X25519KeyPair : IDisposable
{
    /// <summary>Bytes of a private value, a public value and a secret.</summary>
    public const int Length = 32;

    private readonly byte[] _private = new byte[Length];

    public X25519KeyPair()
    {
        RandomNumberGenerator.Fill(_private);
        X25519.ClampPrivateKey(_private);
        X25519.GeneratePublicKey(_private, Public);
    }

    public byte[] Public { get; } = new byte[Length];

    /// <summary>The secret with the holder of <paramref name="theirs"/>, <see cref="Length"/> bytes.</summary>
    /// <returns>False: the value is of small order and the secret would be all zeros, which must end the exchange (RFC 8731 §3).</returns>
    public bool TryAgree(ReadOnlySpan<byte> theirs, Span<byte> secret) => X25519.CalculateAgreement(_private, theirs, secret);

    public void Dispose() => CryptographicOperations.ZeroMemory(_private);
}
