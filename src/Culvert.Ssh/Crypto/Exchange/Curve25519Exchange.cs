using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary><c>curve25519-sha256</c> (RFC 8731).</summary>
internal sealed class Curve25519Exchange() : KeyExchange(HashAlgorithmName.SHA256)
{
    private readonly X25519KeyPair _own = new();

    protected override byte[] GenerateKeyPair() => _own.Public;

    public override byte[] Complete(ReadOnlySpan<byte> serverPublic) => Agree(serverPublic);

    public override (byte[] ServerPublic, byte[] EncodedSecret) Answer(ReadOnlySpan<byte> clientPublic) => (_own.Public, Agree(clientPublic));

    public override void Dispose() => _own.Dispose();

    private byte[] Agree(ReadOnlySpan<byte> theirs)
    {
        if (theirs.Length != X25519KeyPair.Length)
            throw Unacceptable($"a public value for Curve25519 has {X25519KeyPair.Length} bytes, this one has {theirs.Length}");
        Span<byte> secret = stackalloc byte[X25519KeyPair.Length];
        try
        {
            return _own.TryAgree(theirs, secret) ? EncodeMpInt(secret) : throw Unacceptable("the public value for Curve25519 is of small order");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
