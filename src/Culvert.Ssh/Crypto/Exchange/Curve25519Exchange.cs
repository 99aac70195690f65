using System.Security.Cryptography;
using Culvert.Ssh.Wire;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Culvert.Ssh.Crypto;

/// <summary><c>curve25519-sha256</c> (RFC 8731).</summary>
internal sealed class Curve25519Exchange : KeyExchange
{
    private const int Length = 32;
    private readonly byte[] _private = new byte[Length];

    public Curve25519Exchange()
        : base(HashAlgorithmName.SHA256)
    {
        RandomNumberGenerator.Fill(_private);
        X25519.ClampPrivateKey(_private);
    }

    public override byte[] Begin()
    {
        var mine = new byte[Length];
        X25519.GeneratePublicKey(_private, mine);
        return mine;
    }

    public override byte[] Complete(ReadOnlySpan<byte> serverPublic) => Agree(serverPublic);

    public override (byte[] ServerPublic, byte[] EncodedSecret) Answer(ReadOnlySpan<byte> clientPublic) => (Begin(), Agree(clientPublic));

    public override void Dispose() => CryptographicOperations.ZeroMemory(_private);

    private byte[] Agree(ReadOnlySpan<byte> theirs)
    {
        if (theirs.Length != Length)
            throw Unacceptable($"a public value for Curve25519 has {Length} bytes, this one has {theirs.Length}");
        Span<byte> secret = stackalloc byte[Length];
        // RFC 8731 §3: an all-zero secret comes of a point of small order and must end the exchange.
        if (!X25519.CalculateAgreement(_private, theirs, secret))
            throw Unacceptable("the public value for Curve25519 is of small order");
        var writer = new SshWriter(Length + 8);
        var encoded = writer.MpInt(secret).ToArray();
        writer.Clear();
        secret.Clear();
        return encoded;
    }
}
