using System.Diagnostics.CodeAnalysis;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary>Whom a certificate is for (PROTOCOL.certkeys, <c>type</c>).</summary>
internal enum CertificateKind
{
    User = 1,
    Host = 2,
}

/// <summary>A key with somebody's word for whose it is (OpenSSH's PROTOCOL.certkeys). Reading one checks its form only: whether the authority signed it,
/// is believed, and means this host now is <see cref="CertificateCheck"/>'s affair. Immutable.</summary>
internal sealed class Certificate : PublicKey
{
    /// <summary>Three RSA keys' worth of numbers and OpenSSH's 256 names fit.</summary>
    public const int MaximumBlobLength = 64 * 1024;

    /// <summary>OpenSSH's SSHKEY_CERT_MAX_PRINCIPALS.</summary>
    private const int MaximumPrincipals = 256;

    private const int MaximumOptions = 256;

    private readonly string[] _algorithms;
    private readonly int _signedLength;

    private Certificate(ReadOnlyMemory<byte> blob, PublicKey key, int signedLength)
    {
        Blob = blob;
        Key = key;
        Type = CertificateNames.Of(key.Type);
        _algorithms = [.. key.SignatureAlgorithms.Select(CertificateNames.Of)];
        _signedLength = signedLength;
    }

    public override string Type { get; }

    public override string ShortName => Key.ShortName + "-CERT";

    public override ReadOnlyMemory<byte> Blob { get; }

    public override IReadOnlyList<string> SignatureAlgorithms => _algorithms;

    /// <summary>The key's, as <c>ssh-keygen -l</c> prints it: a certificate has none of its own.</summary>
    public override string Fingerprint => Key.Fingerprint;

    internal override int? RsaBits => Key.RsaBits;

    /// <summary>The certified key.</summary>
    public PublicKey Key { get; }

    /// <summary>The authority's number for it, for messages.</summary>
    public required ulong Serial { get; init; }

    /// <summary>Whom it is for; other numbers than the two named ones are nobody's.</summary>
    public required CertificateKind Kind { get; init; }

    /// <summary>The authority's name for it, fit to show.</summary>
    public required string KeyId { get; init; }

    /// <summary>Hosts or users that it is valid for; none: all.</summary>
    public required IReadOnlyList<string> Principals { get; init; }

    /// <summary>Seconds since 1970 from which on it is valid.</summary>
    public required ulong ValidAfter { get; init; }

    /// <summary>Seconds since 1970 from which on it is no longer valid.</summary>
    public required ulong ValidBefore { get; init; }

    /// <summary>Names of the options that whoever doesn't know them must refuse.</summary>
    public required IReadOnlyList<string> CriticalOptions { get; init; }

    /// <summary>The authority's key.</summary>
    public required PublicKey Authority { get; init; }

    /// <summary>The authority's signature.</summary>
    public required ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>The algorithm that the authority's signature names.</summary>
    public required string SignatureAlgorithm { get; init; }

    /// <summary>Whether the authority really signed it.</summary>
    public bool IsSigned => Authority.Verify(SignatureAlgorithm, Blob.Span[.._signedLength], Signature.Span);

    /// <summary>A signature by the certified key, under the certificate's name for the algorithm.</summary>
    public override bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob) =>
        _algorithms.Contains(algorithm) && Key.Verify(CertificateNames.Plain(algorithm), data, signatureBlob);

    /// <summary>Reads a certificate completely.</summary>
    /// <exception cref="SshProtocolException">It is malformed, or one of its keys isn't supported or too weak.</exception>
    public static Certificate Parse(ReadOnlySpan<byte> blob)
    {
        // PROTOCOL.certkeys
        //   string    type
        //   string    nonce
        //   ....      the fields of the key's own blob after its type
        //   uint64    serial
        //   uint32    type               1 user, 2 host
        //   string    key id
        //   string    valid principals   string name …
        //   uint64    valid after
        //   uint64    valid before
        //   string    critical options   (string name, string data) …
        //   string    extensions         (string name, string data) …
        //   string    reserved
        //   string    signature key
        //   string    signature          over all of the above
        if (blob.Length > MaximumBlobLength)
            throw new SshProtocolException($"certificate: {blob.Length} bytes are too many");
        var reader = new SshReader(blob, "certificate");
        var type = CertificateNames.Plain(reader.Text("type"));
        reader.String("nonce");
        var key = ReadKey(type, ref reader);
        var serial = reader.UInt64("serial");
        var kind = (CertificateKind)reader.UInt32("type");
        var keyId = reader.DisplayText("key id");
        var principals = ReadPrincipals(reader.String("valid principals"));
        var (after, before) = (reader.UInt64("valid after"), reader.UInt64("valid before"));
        var critical = ReadOptions(reader.String("critical options"), "critical options");
        ReadOptions(reader.String("extensions"), "extensions");
        reader.String("reserved");
        var authority = reader.String("signature key");
        if (CertificateNames.IsCertificate(new SshReader(authority, "certificate").Text("type of signature key")))
            throw new SshProtocolException("certificate: its signature key is itself a certificate");
        var signedLength = blob.Length - reader.Rest.Length;
        var signature = reader.String("signature");
        reader.End();
        return new(blob.ToArray(), key, signedLength)
        {
            Serial = serial,
            Kind = kind,
            KeyId = keyId,
            Principals = principals,
            ValidAfter = after,
            ValidBefore = before,
            CriticalOptions = critical,
            Authority = PublicKeys.Parse(authority),
            Signature = signature.ToArray(),
            SignatureAlgorithm = new SshReader(signature, "certificate").Text("signature algorithm"),
        };
    }

    /// <summary><see cref="Parse"/> for a blob that may be anything.</summary>
    public static bool TryParse(ReadOnlySpan<byte> blob, [NotNullWhen(true)] out Certificate? certificate)
    {
        certificate = PublicKeys.TryParse(blob, out var key) ? key as Certificate : null;
        return certificate is not null;
    }

    /// <summary>The key's fields stand in the certificate as they stand in its own blob.</summary>
    private static PublicKey ReadKey(string type, ref SshReader reader)
    {
        var fields = type switch
        {
            Ed25519PublicKey.Name => 1,
            RsaPublicKey.Name or SecurityKeyPublicKey.Ed25519Name => 2,
            SecurityKeyPublicKey.EcdsaName => 3,
            _ when NistCurve.TryFind(type, out _) => 2,
            _ => throw new SshProtocolException("certificate: its key is of a type that is not supported"),
        };
        var blob = new SshWriter(512).String(type);
        for (var i = 0; i < fields; i++)
            blob.String(reader.String("key"));
        return PublicKeys.Parse(blob.WrittenSpan);
    }

    private static List<string> ReadPrincipals(ReadOnlySpan<byte> packed)
    {
        var reader = new SshReader(packed, "certificate");
        var principals = new List<string>();
        while (!reader.Rest.IsEmpty)
        {
            if (principals.Count == MaximumPrincipals)
                throw new SshProtocolException("certificate: too many principals");
            principals.Add(reader.Text("principal"));
        }
        return principals;
    }

    private static List<string> ReadOptions(ReadOnlySpan<byte> packed, string field)
    {
        var reader = new SshReader(packed, "certificate");
        var names = new List<string>();
        while (!reader.Rest.IsEmpty)
        {
            if (names.Count == MaximumOptions)
                throw new SshProtocolException($"certificate: too many {field}");
            names.Add(reader.DisplayText(field));
            reader.String(field);
        }
        return names;
    }
}
