using System.Security.Cryptography;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary><c>ssh-rsa</c>, with signatures by <c>rsa-sha2-512</c> and <c>rsa-sha2-256</c> (RFC 8332) and never by SHA-1.</summary>
internal sealed class RsaPublicKey : PublicKey
{
    public const string Name = "ssh-rsa", Sha256Name = "rsa-sha2-256", Sha512Name = "rsa-sha2-512";

    /// <summary>OpenSSH's RequiredRSASize is 1024 for the sake of old devices; below 2048 NIST SP 800-131A disallows any
    /// signature, and ssh-keygen has made 2048 and more by default since 2006.</summary>
    public const int MinimumBits = 2048;

    /// <summary>OpenSSH's own limit: verification time grows with the square of the length.</summary>
    public const int MaximumBits = 16_384;

    /// <summary>OpenSSL's limit for large keys; a longer exponent only makes verification slow. All known keys have 65537 or less.</summary>
    private const int MaximumExponentBytes = 8;

    private static readonly string[] Algorithms = [Sha512Name, Sha256Name];
    private readonly RSAParameters _parameters;

    private RsaPublicKey(byte[] modulus, byte[] exponent)
    {
        _parameters = new RSAParameters { Modulus = modulus, Exponent = exponent };
        Blob = new SshWriter(modulus.Length + 64).String(Name).MpInt(exponent).MpInt(modulus).ToArray();
    }

    public override string Type => Name;

    public override string ShortName => "RSA";

    public override ReadOnlyMemory<byte> Blob { get; }

    public override IReadOnlyList<string> SignatureAlgorithms => Algorithms;

    internal override int? RsaBits => BitsOf(_parameters.Modulus);

    public static RsaPublicKey FromNumbers(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        modulus = modulus.TrimStart((byte)0);
        exponent = exponent.TrimStart((byte)0);
        var bits = BitsOf(modulus);
        if (bits < MinimumBits)
            throw new SshProtocolException($"public key: RSA keys of {bits} bits are too weak, {MinimumBits} are required");
        if (bits > MaximumBits || (modulus[^1] & 1) == 0)
            throw new SshProtocolException("public key: not an RSA modulus");
        if (exponent.Length is 0 or > MaximumExponentBytes || (exponent[^1] & 1) == 0 || exponent is [1])
            throw new SshProtocolException("public key: not an RSA exponent");
        return new RsaPublicKey(modulus.ToArray(), exponent.ToArray());
    }

    public static RsaPublicKey Parse(ReadOnlySpan<byte> blob)
    {
        // RFC 4253 §6.6
        //   string    "ssh-rsa"
        //   mpint     e
        //   mpint     n
        var reader = new SshReader(blob, "public key");
        reader.String("type");
        var exponent = reader.MpInt("e");
        var modulus = reader.MpInt("n");
        reader.End();
        return FromNumbers(modulus, exponent);
    }

    public static HashAlgorithmName HashOf(string algorithm) => algorithm switch
    {
        Sha512Name => HashAlgorithmName.SHA512,
        Sha256Name => HashAlgorithmName.SHA256,
        _ => throw new ArgumentException($"{algorithm} is not a signature of an RSA key", nameof(algorithm)),
    };

    private static int BitsOf(ReadOnlySpan<byte> modulus) =>
        modulus.IsEmpty ? 0 : (modulus.Length * 8) - System.Numerics.BitOperations.LeadingZeroCount((uint)modulus[0]) + 24;

    public override bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob)
    {
        if (algorithm is not (Sha512Name or Sha256Name) || !SignatureBlob.TryRead(algorithm, signatureBlob, out var signature))
            return false;
        // RFC 8332 §3 wants the modulus' length; some old implementations drop leading zeros, and OpenSSH puts them back.
        var padded = new byte[_parameters.Modulus!.Length];
        if (signature.IsEmpty || signature.Length > padded.Length)
            return false;
        signature.CopyTo(padded.AsSpan(padded.Length - signature.Length));
        using var rsa = RSA.Create(_parameters);
        return rsa.VerifyData(data, padded, HashOf(algorithm), RSASignaturePadding.Pkcs1);
    }
}
