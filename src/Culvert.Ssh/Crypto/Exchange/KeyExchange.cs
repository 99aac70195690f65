using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>One run of a key exchange method of the shape that RFC 5656 §4 gave all modern ones: the client sends a public value, the server
/// answers with its own, and both know a secret.
/// <code>
/// byte SSH_MSG_KEX_ECDH_INIT (30)      byte SSH_MSG_KEX_ECDH_REPLY (31)
/// string Q_C                           string K_S, string Q_S, string signature
/// </code></summary>
/// <remarks>An instance serves one run, in one role: a client calls <see cref="Begin"/> and then <see cref="Complete"/>, a server only
/// <see cref="Answer"/>. Secrets are returned as they enter the exchange hash and the key derivation (an <c>mpint</c> with its length for
/// Diffie-Hellman; the hybrids of post-quantum methods use a <c>string</c>); the caller wipes them.</remarks>
internal abstract class KeyExchange(HashAlgorithmName hash) : IDisposable
{
    /// <summary>The hash of the exchange hash and of the key derivation.</summary>
    public HashAlgorithmName Hash { get; } = hash;

    /// <summary>Client: makes a key pair and returns Q_C.</summary>
    public abstract byte[] Begin();

    /// <summary>Client: takes Q_S and returns the encoded secret.</summary>
    /// <exception cref="SshProtocolException">The public value is not acceptable.</exception>
    public abstract byte[] Complete(ReadOnlySpan<byte> serverPublic);

    /// <summary>Server: takes Q_C and returns Q_S and the encoded secret.</summary>
    /// <exception cref="SshProtocolException">The public value is not acceptable.</exception>
    public abstract (byte[] ServerPublic, byte[] EncodedSecret) Answer(ReadOnlySpan<byte> clientPublic);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>A run of a method by its name in the table.</summary>
    public static KeyExchange Create(string name) => name switch
    {
        "curve25519-sha256" or "curve25519-sha256@libssh.org" => new Curve25519Exchange(),
        "ecdh-sha2-nistp256" => new NistExchange(ECCurve.NamedCurves.nistP256, 32, HashAlgorithmName.SHA256),
        "ecdh-sha2-nistp384" => new NistExchange(ECCurve.NamedCurves.nistP384, 48, HashAlgorithmName.SHA384),
        "ecdh-sha2-nistp521" => new NistExchange(ECCurve.NamedCurves.nistP521, 66, HashAlgorithmName.SHA512),
        _ => throw new ArgumentException($"no such key exchange method: {name}", nameof(name)),
    };

    protected static SshProtocolException Unacceptable(string what, Exception? inner = null) =>
        new($"key exchange: {what}", DisconnectReason.KeyExchangeFailed, inner);
}
