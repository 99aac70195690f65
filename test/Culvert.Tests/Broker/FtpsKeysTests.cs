using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Ftp;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Broker;

/// <summary>Certificates, keys and trust from files; what doesn't fit together is said before anything is connected.</summary>
public sealed class FtpsKeysTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("culvert-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static TunnelConfig Tunnel(Ftps ftps, PortRange? ports = null) =>
        new(TunnelSpec.Parse(TunnelKind.Local, "ftp/1:localhost:21")) { Ftp = new() { Ftps = ftps, PassivePorts = ports } };

    private string Write(string name, string text, bool secret)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, secret ? UnixFileMode.UserRead : UnixFileMode.UserRead | UnixFileMode.OtherRead);
        return path;
    }

    private static string Pem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        return certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    private static ConfigException Refused(TunnelConfig tunnel) => Assert.Throws<ConfigException>(() => FtpsKeys.Check(tunnel));

    [Fact]
    public void AnOpaqueTunnelNeedsARangeOfPortsThatIsNotTooLarge()
    {
        Assert.Contains("--passive-ports", Refused(Tunnel(Ftps.Opaque)).Message, StringComparison.Ordinal);
        Refused(Tunnel(Ftps.Opaque, new(10_000, 10_000 + FtpRelayOptions.MaxOpaquePorts)));
        FtpsKeys.Check(Tunnel(Ftps.Opaque, new(10_000, 9_999 + FtpRelayOptions.MaxOpaquePorts)));
    }

    [Fact]
    public void SettingsThatWouldDoNothingAreMistakes()
    {
        Refused(Tunnel(Ftps.Refuse) with { Ftps = new() { CertificateFile = "/f" } });
        Refused(Tunnel(Ftps.Originate) with { Ftps = new() { CertificateFile = "/f" } });
        Refused(Tunnel(Ftps.Terminate) with { Ftps = new() { ServerName = "x" } });
        Refused(Tunnel(Ftps.Terminate) with { Ftps = new() { Fingerprint = new('0', 64) } });
        Refused(Tunnel(Ftps.Both) with { Ftps = new() { AuthoritiesFile = "/f", Fingerprint = new('0', 64) } });
    }

    [Fact]
    public void ACertificateComesWithItsKeyInAFileThatNobodyElseReads()
    {
        var good = Write("good", Pem(), secret: true);
        FtpsKeys.Check(Tunnel(Ftps.Terminate) with { Ftps = new() { CertificateFile = good } });
        if (!OperatingSystem.IsWindows())
            Assert.Contains("too open", Refused(Tunnel(Ftps.Terminate) with { Ftps = new() { CertificateFile = Write("open", Pem(), secret: false) } }).Message, StringComparison.Ordinal);
        Refused(Tunnel(Ftps.Terminate) with { Ftps = new() { CertificateFile = Write("none", "", secret: true) } });
        Refused(Tunnel(Ftps.Terminate) with { Ftps = new() { CertificateFile = Path.Combine(_folder, "missing") } });
    }

    [Fact]
    public void AuthoritiesMustBeThere()
    {
        FtpsKeys.Check(Tunnel(Ftps.Originate));
        FtpsKeys.Check(Tunnel(Ftps.Originate) with { Ftps = new() { AuthoritiesFile = Write("ca", Pem(), secret: false) } });
        Refused(Tunnel(Ftps.Originate) with { Ftps = new() { AuthoritiesFile = Write("empty", "", secret: false) } });
        Refused(Tunnel(Ftps.Originate) with { Ftps = new() { AuthoritiesFile = Path.Combine(_folder, "missing") } });
    }

    [Theory]
    [InlineData("00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", true)]
    [InlineData("sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", true)]
    [InlineData("00112233445566778899aabbccddeeff00112233", false)]
    [InlineData("x0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", false)]
    public void FingerprintsAreReadAsProgramsWriteThem(string text, bool good)
    {
        if (good)
            Assert.Equal("00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF", FtpsConfig.ReadFingerprint(text));
        else
            Assert.Throws<ConfigException>(() => FtpsConfig.ReadFingerprint(text));
    }
}
