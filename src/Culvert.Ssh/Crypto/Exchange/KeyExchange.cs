using System.Security.Cryptography;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary>One run of a key exchange method. All have one shape (RFC 5656 §4): the client sends a public value, the server answers with its own,
/// and both know a secret. A method may agree upon parameters first.
/// <code>
/// byte SSH_MSG_KEX_ECDH_INIT (30)      byte SSH_MSG_KEX_ECDH_REPLY (31)
/// string Q_C                           string K_S, string Q_S, string signature
/// </code></summary>
/// <remarks>An instance serves one run, in one role: a client calls <see cref="Begin"/> and then <see cref="Complete"/>, a server only
/// <see cref="Answer"/>. Secrets are returned as they enter the exchange hash and the key derivation (an <c>mpint</c> with its length for
/// Diffie-Hellman; the hybrids of post-quantum methods use a <c>string</c>); the caller wipes them.</remarks>
internal abstract class KeyExchange(HashAlgorithmName hash) : IDisposable
{
    private byte[]? _public;

    /// <summary>The hash of the exchange hash and of the key derivation.</summary>
    public HashAlgorithmName Hash { get; } = hash;

    /// <summary>The number of the message with Q_C.</summary>
    public virtual byte InitNumber => MessageNumber.KexEcdhInit;

    /// <summary>The number of the message with Q_S.</summary>
    public virtual byte ReplyNumber => MessageNumber.KexEcdhReply;

    /// <summary>Whether parameters have to be agreed upon before the public values.</summary>
    public virtual bool AwaitsParameters => false;

    /// <summary>Parameters as they enter the exchange hash, before the public values.</summary>
    public virtual byte[] Parameters => [];

    /// <summary>Client: the message that asks for parameters.</summary>
    public virtual byte[] Request() => throw new InvalidOperationException("this method has no parameters");

    /// <summary>Client: takes the message with the parameters.</summary>
    /// <exception cref="SshProtocolException">They are not acceptable.</exception>
    public virtual void TakeParameters(ReadOnlySpan<byte> payload) => throw new InvalidOperationException("this method has no parameters");

    /// <summary>Server: takes the message that asks for parameters, and returns the one that has them.</summary>
    /// <exception cref="SshProtocolException">There are none such.</exception>
    public virtual byte[] AnswerRequest(ReadOnlySpan<byte> payload) => throw new InvalidOperationException("this method has no parameters");

    /// <summary>Client: Q_C. The key pair is made at the first call, which may come long before the exchange, on any thread.</summary>
    public byte[] Begin() => _public ??= GenerateKeyPair();

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
        "mlkem768x25519-sha256" => new HybridExchange(new MlKem768(), HashAlgorithmName.SHA256),
        "sntrup761x25519-sha512" or "sntrup761x25519-sha512@openssh.com" => new HybridExchange(new Sntrup761(), HashAlgorithmName.SHA512),
        "curve25519-sha256" or "curve25519-sha256@libssh.org" => new Curve25519Exchange(),
        "ecdh-sha2-nistp256" => new NistExchange(ECCurve.NamedCurves.nistP256, 32, HashAlgorithmName.SHA256),
        "ecdh-sha2-nistp384" => new NistExchange(ECCurve.NamedCurves.nistP384, 48, HashAlgorithmName.SHA384),
        "ecdh-sha2-nistp521" => new NistExchange(ECCurve.NamedCurves.nistP521, 66, HashAlgorithmName.SHA512),
        "diffie-hellman-group14-sha256" => new DiffieHellmanExchange(DiffieHellmanGroup.Group14, HashAlgorithmName.SHA256),
        "diffie-hellman-group16-sha512" => new DiffieHellmanExchange(DiffieHellmanGroup.Group16, HashAlgorithmName.SHA512),
        "diffie-hellman-group18-sha512" => new DiffieHellmanExchange(DiffieHellmanGroup.Group18, HashAlgorithmName.SHA512),
        "diffie-hellman-group-exchange-sha256" => new GroupExchange(),
        _ => throw new ArgumentException($"no such key exchange method: {name}", nameof(name)),
    };

    /// <summary>Client: makes a key pair and returns Q_C; called once.</summary>
    protected abstract byte[] GenerateKeyPair();

    /// <summary>A secret as an <c>mpint</c>, with its length.</summary>
    protected static byte[] EncodeMpInt(ReadOnlySpan<byte> secret)
    {
        var writer = new SshWriter(secret.Length + 8);
        var encoded = writer.MpInt(secret).ToArray();
        writer.Clear();
        return encoded;
    }

    protected static SshProtocolException Unacceptable(string what, Exception? inner = null) =>
        new($"key exchange: {what}", DisconnectReason.KeyExchangeFailed, inner);
}
