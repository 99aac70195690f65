using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>A public key in SSH's form (RFC 4253 §6.6): its type, its blob, and the signatures it can check. Immutable.</summary>
public abstract class PublicKey
{
    private protected PublicKey()
    {
    }

    /// <summary>The key's type as in its blob: <c>ssh-ed25519</c>, <c>ecdsa-sha2-nistp256</c>, <c>ssh-rsa</c> …</summary>
    public abstract string Type { get; }

    /// <summary>The blob as it travels.</summary>
    public abstract ReadOnlyMemory<byte> Blob { get; }

    /// <summary>The signature algorithms that fit the key, best first (for RSA: <c>rsa-sha2-512</c>, <c>rsa-sha2-256</c>; never <c>ssh-rsa</c>).</summary>
    public abstract IReadOnlyList<string> SignatureAlgorithms { get; }

    /// <summary>Checks a signature blob (<c>string</c> algorithm, <c>string</c> signature), which must be of exactly <paramref name="algorithm"/>.
    /// Anything malformed is simply not valid.</summary>
    public abstract bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob);

    /// <summary>Bits of an RSA key's modulus, also of one in a certificate; null for every other key.</summary>
    internal virtual int? RsaBits => null;

    /// <summary>The word that OpenSSH's messages use for the type: <c>ED25519</c>, <c>ECDSA</c>, <c>RSA</c>.</summary>
    public abstract string ShortName { get; }

    /// <summary><c>SHA256:</c> and unpadded Base64, as <c>ssh-keygen -l</c> prints it.</summary>
    public virtual string Fingerprint => FingerprintOf(Blob.Span);

    /// <summary>The key as one line of an <c>authorized_keys</c> or <c>.pub</c> file, without a comment.</summary>
    public override string ToString() => $"{Type} {Convert.ToBase64String(Blob.Span)}";

    internal static string FingerprintOf(ReadOnlySpan<byte> blob) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');

    internal bool IsSameKey(PublicKey other) => Blob.Span.SequenceEqual(other.Blob.Span);
}
