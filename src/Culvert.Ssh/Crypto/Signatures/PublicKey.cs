using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>A public key in SSH's form (RFC 4253 §6.6): its type, its blob, and the signatures it can check.</summary>
internal abstract class PublicKey
{
    /// <summary>The key's type as in its blob: <c>ssh-ed25519</c>, <c>ecdsa-sha2-nistp256</c>, <c>ssh-rsa</c> …</summary>
    public abstract string Type { get; }

    /// <summary>The blob as it travels.</summary>
    public abstract ReadOnlyMemory<byte> Blob { get; }

    /// <summary>The signature algorithms that fit the key, best first (for RSA: <c>rsa-sha2-512</c>, <c>rsa-sha2-256</c>; never <c>ssh-rsa</c>).</summary>
    public abstract IReadOnlyList<string> SignatureAlgorithms { get; }

    /// <summary>Checks a signature blob (<c>string</c> algorithm, <c>string</c> signature), which must be of exactly <paramref name="algorithm"/>.
    /// Anything malformed is simply not valid.</summary>
    public abstract bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob);

    /// <summary><c>SHA256:</c> and unpadded Base64, as <c>ssh-keygen -l</c> prints it.</summary>
    public string Fingerprint => "SHA256:" + Convert.ToBase64String(SHA256.HashData(Blob.Span)).TrimEnd('=');
}
