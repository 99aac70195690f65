using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>One of the three curves of RFC 5656 §10.1, and the hash that goes with it (§6.2.1).</summary>
internal sealed record NistCurve(string Name, ECCurve Curve, int FieldBytes, HashAlgorithmName Hash, string ObjectIdentifier)
{
    public static readonly NistCurve P256 = new("nistp256", ECCurve.NamedCurves.nistP256, 32, HashAlgorithmName.SHA256, "1.2.840.10045.3.1.7");
    public static readonly NistCurve P384 = new("nistp384", ECCurve.NamedCurves.nistP384, 48, HashAlgorithmName.SHA384, "1.3.132.0.34");
    public static readonly NistCurve P521 = new("nistp521", ECCurve.NamedCurves.nistP521, 66, HashAlgorithmName.SHA512, "1.3.132.0.35");
    public static readonly NistCurve[] All = [P256, P384, P521];

    /// <summary><c>ecdsa-sha2-nistp256</c>: both the type of the key and the name of its only signature algorithm.</summary>
    public string KeyType { get; } = "ecdsa-sha2-" + Name;

    public static bool TryFind(string keyType, [NotNullWhen(true)] out NistCurve? curve)
    {
        curve = All.FirstOrDefault(c => c.KeyType == keyType);
        return curve is not null;
    }
}
