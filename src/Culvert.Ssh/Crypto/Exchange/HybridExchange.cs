using System.Security.Cryptography;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary>A post-quantum method and Curve25519 side by side: whoever wants the secret must break both.
/// <c>sntrup761x25519-sha512</c> (draft-ietf-sshm-ntruprime-ssh) and <c>mlkem768x25519-sha256</c> (draft-ietf-sshm-mlkem-hybrid-kex):
/// <code>
/// Q_C = public key of the KEM || public value of X25519
/// Q_S = ciphertext of the KEM || public value of X25519
/// K   = HASH(secret of the KEM || secret of X25519), a string
/// </code></summary>
internal sealed class HybridExchange(Kem kem, HashAlgorithmName hash) : KeyExchange(hash)
{
    private readonly X25519KeyPair _own = new();

    protected override byte[] GenerateKeyPair() => [.. kem.GenerateKeyPair(), .. _own.Public];

    public override byte[] Complete(ReadOnlySpan<byte> serverPublic)
    {
        CheckLength(serverPublic, kem.CiphertextLength, "ciphertext");
        return Combine(kem.Decapsulate(serverPublic[..kem.CiphertextLength]), serverPublic[kem.CiphertextLength..]);
    }

    public override (byte[] ServerPublic, byte[] EncodedSecret) Answer(ReadOnlySpan<byte> clientPublic)
    {
        CheckLength(clientPublic, kem.PublicKeyLength, "public key");
        try
        {
            var (ciphertext, secret) = kem.Encapsulate(clientPublic[..kem.PublicKeyLength]);
            return ([.. ciphertext, .. _own.Public], Combine(secret, clientPublic[kem.PublicKeyLength..]));
        }
        catch (ArgumentException e)
        {
            throw Unacceptable("that is no public key for the post-quantum part", e);
        }
    }

    public override void Dispose()
    {
        kem.Dispose();
        _own.Dispose();
    }

    private static void CheckLength(ReadOnlySpan<byte> value, int part, string what)
    {
        if (value.Length != part + X25519KeyPair.Length)
            throw Unacceptable($"{what} and public value of this method have {part + X25519KeyPair.Length} bytes, these have {value.Length}");
    }

    private byte[] Combine(byte[] kemSecret, ReadOnlySpan<byte> theirs)
    {
        Span<byte> both = stackalloc byte[kemSecret.Length + X25519KeyPair.Length];
        Span<byte> combined = stackalloc byte[SHA512.HashSizeInBytes];
        try
        {
            kemSecret.CopyTo(both);
            if (!_own.TryAgree(theirs, both[kemSecret.Length..]))
                throw Unacceptable("the public value for Curve25519 is of small order");
            var length = CryptographicOperations.HashData(Hash, both, combined);
            var writer = new SshWriter(length + 8);
            var encoded = writer.String(combined[..length]).ToArray();
            writer.Clear();
            return encoded;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(kemSecret);
            CryptographicOperations.ZeroMemory(both);
            CryptographicOperations.ZeroMemory(combined);
        }
    }
}
