using System.Formats.Asn1;
using System.Security.Cryptography;
using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>PEM files: PKCS#1 (RSA), SEC 1 (EC) and PKCS#8, the last one also encrypted (PBES2, RFC 8018). None shows its public half unencrypted.</summary>
internal sealed class PemPrivateKey : PrivateKeyDocument
{
    private const string EncryptedLabel = "ENCRYPTED PRIVATE KEY";
    private const string Rsa = "1.2.840.113549.1.1.1", Ec = "1.2.840.10045.2.1", Dsa = "1.2.840.10040.4.1", Ed25519 = "1.3.101.112";
    private const string Pbes2 = "1.2.840.113549.1.5.13", Pbkdf2 = "1.2.840.113549.1.5.12";

    /// <summary>PBKDF2 makes some two million rounds a second; OpenSSL writes 2,048, the careful a million.</summary>
    private const int MaximumIterations = 10_000_000;

    private readonly string _label;
    private readonly byte[] _der;

    private PemPrivateKey(string label, byte[] der, PublicKey? publicKey) => (_label, _der, PublicKey) = (label, der, publicKey);

    public override PublicKey? PublicKey { get; }

    public override bool IsEncrypted => _label == EncryptedLabel;

    public static PemPrivateKey Read(string label, ReadOnlySpan<byte> der)
    {
        if (label == EncryptedLabel)
        {
            RequireSupportedEncryption(der);
            return new(label, der.ToArray(), null);
        }
        using var signer = ReadPlain(label, der);
        return new(label, der.ToArray(), signer.PublicKey);
    }

    public override Signer? Open(ReadOnlySpan<byte> passphrase, CancellationToken cancellationToken)
    {
        if (!IsEncrypted)
            return ReadPlain(_label, _der);
        var copy = passphrase.ToArray();
        try
        {
            // The algorithm stands within the encrypted part: RSA is tried first, then EC.
            return TryOpen(() => ReadRsa(_der, (rsa, bytes) => { rsa.ImportEncryptedPkcs8PrivateKey(copy, bytes, out var read); return read; }))
                ?? TryOpen(() => ReadEcdsa(_der, (ec, bytes) => { ec.ImportEncryptedPkcs8PrivateKey(copy, bytes, out var read); return read; }));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    public override void Dispose() => CryptographicOperations.ZeroMemory(_der);

    private static Signer ReadPlain(string label, ReadOnlySpan<byte> der)
    {
        try
        {
            return label switch
            {
                "RSA PRIVATE KEY" => ReadRsa(der, static (rsa, bytes) => { rsa.ImportRSAPrivateKey(bytes, out var read); return read; }),
                "EC PRIVATE KEY" => ReadEcdsa(der, static (ec, bytes) => { ec.ImportECPrivateKey(bytes, out var read); return read; }),
                "PRIVATE KEY" => ReadPkcs8(der),
                "DSA PRIVATE KEY" => throw DsaRefused(),
                _ => throw new KeyFileException("it is not a private key"),
            };
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw new KeyFileException("invalid format", e);
        }
    }

    private static Signer? TryOpen(Func<Signer> open)
    {
        try
        {
            return open();
        }
        catch (CryptographicException)
        {
            // .NET tells a wrong passphrase and another algorithm apart only by text.
            return null;
        }
        catch (SshProtocolException e)
        {
            throw new KeyFileException(e.Message, e);
        }
    }

    private delegate int Import<T>(T key, ReadOnlySpan<byte> der);

    private static RsaSigner ReadRsa(ReadOnlySpan<byte> der, Import<RSA> import)
    {
        var rsa = RSA.Create();
        try
        {
            if (import(rsa, der) != der.Length)
                throw new KeyFileException("invalid format");
            return new RsaSigner(rsa);
        }
        catch
        {
            rsa.Dispose();
            throw;
        }
    }

    private static EcdsaSigner ReadEcdsa(ReadOnlySpan<byte> der, Import<ECDsa> import)
    {
        var ec = ECDsa.Create();
        try
        {
            if (import(ec, der) != der.Length)
                throw new KeyFileException("invalid format");
            return new EcdsaSigner(ec);
        }
        catch (PlatformNotSupportedException e)
        {
            // A curve that this system doesn't know at all.
            ec.Dispose();
            throw new KeyFileException("ECDSA keys must be of nistp256, nistp384 or nistp521", e);
        }
        catch
        {
            ec.Dispose();
            throw;
        }
    }

    private static Signer ReadPkcs8(ReadOnlySpan<byte> der)
    {
        // RFC 5958 §2: SEQUENCE { version, SEQUENCE { algorithm, parameters }, OCTET STRING privateKey, [attributes, publicKey] }
        var reader = new AsnReader(der.ToArray(), AsnEncodingRules.DER).ReadSequence();
        reader.ReadInteger();
        var algorithm = reader.ReadSequence().ReadObjectIdentifier();
        switch (algorithm)
        {
            case Rsa:
                return ReadRsa(der, static (rsa, bytes) => { rsa.ImportPkcs8PrivateKey(bytes, out var read); return read; });
            case Ec:
                return ReadEcdsa(der, static (ec, bytes) => { ec.ImportPkcs8PrivateKey(bytes, out var read); return read; });
            case Ed25519:
                // RFC 8410 §7: the octets are an OCTET STRING of their own.
                var octets = reader.ReadOctetString();
                var seed = new AsnReader(octets, AsnEncodingRules.DER).ReadOctetString();
                try
                {
                    return seed.Length == 32 ? new Ed25519Signer(seed) : throw new KeyFileException("invalid format");
                }
                finally
                {
                    CryptographicOperations.ZeroMemory(octets);
                    CryptographicOperations.ZeroMemory(seed);
                }
            case Dsa:
                throw DsaRefused();
            default:
                throw new KeyFileException($"keys of algorithm {algorithm} are not supported");
        }
    }

    private static void RequireSupportedEncryption(ReadOnlySpan<byte> der)
    {
        // RFC 5958 §3: SEQUENCE { SEQUENCE { PBES2, SEQUENCE { SEQUENCE { PBKDF2, SEQUENCE { salt, iterations … } }, cipher } }, OCTET STRING }
        try
        {
            var outer = new AsnReader(der.ToArray(), AsnEncodingRules.BER);
            var info = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var scheme = info.ReadSequence();
            var kdf = scheme.ReadObjectIdentifier() == Pbes2 ? scheme.ReadSequence().ReadSequence() : null;
            if (kdf?.ReadObjectIdentifier() != Pbkdf2)
                throw new KeyFileException($"its encryption is not supported (only PBES2 with PBKDF2 is); change it with: ssh-keygen -p -f {FilePlaceholder}");
            var parameters = kdf.ReadSequence();
            parameters.ReadOctetString();
            if (!parameters.TryReadInt32(out var iterations) || iterations is < 1 or > MaximumIterations)
                throw new KeyFileException($"its count of key derivation rounds is out of range; {MaximumIterations} is the most that is supported");
        }
        catch (AsnContentException e)
        {
            throw new KeyFileException("invalid format", e);
        }
    }

    private static KeyFileException DsaRefused() => new("DSA keys are too weak and not supported; make a new key with: ssh-keygen -t ed25519");
}
