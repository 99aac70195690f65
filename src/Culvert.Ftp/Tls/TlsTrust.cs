using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Culvert.Ftp.Wire;
using System.Text;

namespace Culvert.Ftp.Tls;

/// <summary>Which certificates of FTP servers are believed: those of the system's authorities, of authorities that the user names, or a single one known by
/// its fingerprint. There is no way to believe any.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed class TlsTrust
{
    /// <summary>Server authentication (RFC 5280 §4.2.1.12): a certificate made for another purpose is none for a server.</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection? _authorities;
    private readonly byte[]? _fingerprint;

    private TlsTrust(X509Certificate2Collection? authorities, byte[]? fingerprint) => (_authorities, _fingerprint) = (authorities, fingerprint);

    /// <summary>The system's authorities, and the name.</summary>
    public static TlsTrust System { get; } = new(null, null);

    /// <summary>These authorities and no others, and the name. A certificate that stands among them itself is believed too.</summary>
    public static TlsTrust Authorities(X509Certificate2Collection authorities) => new(authorities, null);

    /// <summary>The certificate with this SHA-256, whatever else it says: name and dates are not looked at.</summary>
    /// <param name="sha256">32 bytes.</param>
    public static TlsTrust Fingerprint(ReadOnlySpan<byte> sha256) => sha256.Length == SHA256.HashSizeInBytes
        ? new(null, sha256.ToArray())
        : throw new ArgumentException("a SHA-256 has 32 bytes", nameof(sha256));

    /// <summary>A certificate's fingerprint as it is shown and typed.</summary>
    public static string FingerprintOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return "SHA256:" + Convert.ToHexString(SHA256.HashData(certificate.RawDataMemory.Span));
    }

    /// <summary>How a chain is built. Revocation isn't asked for: it would be a connection to somewhere outside of the tunnel.</summary>
    internal X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (_authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(_authorities);
        }
        return policy;
    }

    /// <summary>Judges a certificate.</summary>
    /// <param name="certificate">The server's.</param>
    /// <param name="chain">As built under <see cref="Policy"/>.</param>
    /// <param name="errors">What was found while building it. Its word on the name isn't used: the name there is the session's.</param>
    /// <param name="name">The name or address that it must hold.</param>
    /// <returns>Why it isn't believed, for people; or null.</returns>
    internal string? Refuse(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors, string name)
    {
        if (_fingerprint is not null)
            return CryptographicOperations.FixedTimeEquals(SHA256.HashData(certificate.RawDataMemory.Span), _fingerprint)
                ? null
                : $"the FTP server's certificate has another fingerprint: {FingerprintOf(certificate)}";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return "the FTP server shows no certificate";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            return $"the FTP server's certificate is not trusted ({Faults(chain)}); {Shown(certificate)}";
        return certificate.MatchesHostname(name, allowWildcards: true, allowCommonName: false)
            ? null
            : $"the FTP server's certificate is not for {name}; {Shown(certificate)}";
    }

    private static string Shown(X509Certificate2 certificate) =>
        $"it is for '{Display.Escape(Encoding.UTF8.GetBytes(certificate.Subject))}', fingerprint {FingerprintOf(certificate)}";

    private static string Faults(X509Chain? chain)
    {
        var faults = chain?.ChainStatus.Select(status => status.Status.ToString()).Distinct().ToArray() ?? [];
        return faults.Length > 0 ? string.Join(", ", faults) : "no chain";
    }
}
