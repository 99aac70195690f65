using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Trust;

/// <summary>What messages call the types of keys.</summary>
internal static class KeyTypeNames
{
    public static string Short(string type) => type switch
    {
        Ed25519PublicKey.Name => "ED25519",
        RsaPublicKey.Name => "RSA",
        "ssh-dss" => "DSA",
        SecurityKeyPublicKey.Ed25519Name => "ED25519-SK",
        SecurityKeyPublicKey.EcdsaName => "ECDSA-SK",
        _ when NistCurve.TryFind(type, out _) => "ECDSA",
        _ => "UNKNOWN",
    };

    /// <summary>The signature algorithms by which a host proves that it holds a key of the type, with a certificate or without; none when we can't check it.</summary>
    public static IReadOnlyList<string> SignatureAlgorithms(string type) => type switch
    {
        Ed25519PublicKey.Name => [type, CertificateNames.Of(type)],
        RsaPublicKey.Name => [RsaPublicKey.Sha512Name, RsaPublicKey.Sha256Name, CertificateNames.Of(RsaPublicKey.Sha512Name), CertificateNames.Of(RsaPublicKey.Sha256Name)],
        _ when NistCurve.TryFind(type, out _) => [type, CertificateNames.Of(type)],
        _ => [],
    };
}
