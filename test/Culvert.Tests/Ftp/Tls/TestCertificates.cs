using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Culvert.Ftp.Tls;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>An authority and certificates of its making.</summary>
internal static class TestCertificates
{
    public const string Host = "ftp.example";

    private static readonly DateTimeOffset From = DateTimeOffset.Parse("2020-01-01Z", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly DateTimeOffset Until = DateTimeOffset.Parse("2200-01-01Z", System.Globalization.CultureInfo.InvariantCulture);

    public static X509Certificate2 Authority { get; } = MakeAuthority();

    public static X509Certificate2 Server { get; } = Make(Host);

    public static TlsTrust Trust { get; } = TlsTrust.Authorities([Authority]);

    public static TlsServer AsServer(X509Certificate2? certificate = null) => new(certificate ?? Server, []);

    public static X509Certificate2 Make(string name, string purpose = "1.3.6.1.5.5.7.3.1", DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (System.Net.IPAddress.TryParse(name, out var address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        using var certificate = request.Create(Authority, From, until ?? Until.AddYears(-1), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 MakeAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Authority of the tests", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(From, Until);
    }
}
