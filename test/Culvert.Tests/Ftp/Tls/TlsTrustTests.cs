using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Culvert.Ftp.Tls;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Ftp.Tls;

/// <summary>Which certificates are believed. There is no setting with which none is checked.</summary>
public sealed class TlsTrustTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<string?> RefusalAsync(TlsTrust trust, string name, X509Certificate2 shown)
    {
        var (here, there) = MemoryDuplex.Pair();
        using var session = new TlsClient(name, trust).Begin();
        await using var client = session.WrapControl(here);
        await using var server = TestCertificates.AsServer(shown).Wrap(there, data: false);
        var refusal = await client.Handshake.WaitAsync(Token);
        if (refusal is not null)
            Assert.Equal(WriteEnd.Closed, await client.WriteAsync("USER me"u8.ToArray(), Token));
        return refusal;
    }

    [Fact]
    public async Task TheNameAndTheAuthorityMustBeRight()
    {
        Assert.Null(await RefusalAsync(TestCertificates.Trust, "ftp.example", TestCertificates.Server));
        Assert.Null(await RefusalAsync(TestCertificates.Trust, "FTP.example", TestCertificates.Server));
        Assert.Contains("not for ftp2.example", await RefusalAsync(TestCertificates.Trust, "ftp2.example", TestCertificates.Server), StringComparison.Ordinal);
        Assert.Contains("not trusted", await RefusalAsync(TlsTrust.System, "ftp.example", TestCertificates.Server), StringComparison.Ordinal);
        using var client = TestCertificates.Make("ftp.example", purpose: "1.3.6.1.5.5.7.3.2");
        Assert.Contains("not trusted", await RefusalAsync(TestCertificates.Trust, "ftp.example", client), StringComparison.Ordinal);
        using var expired = TestCertificates.Make("ftp.example", until: new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Contains("NotTimeValid", await RefusalAsync(TestCertificates.Trust, "ftp.example", expired), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAddressMustStandInTheCertificate()
    {
        using var certificate = TestCertificates.Make("192.0.2.7");
        Assert.Null(await RefusalAsync(TestCertificates.Trust, "192.0.2.7", certificate));
        Assert.Contains("not for 192.0.2.8", await RefusalAsync(TestCertificates.Trust, "192.0.2.8", certificate), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFingerprintNamesOneCertificateWhateverItSays()
    {
        var pinned = TlsTrust.Fingerprint(SHA256.HashData(TestCertificates.Server.RawData));
        Assert.Null(await RefusalAsync(pinned, "other.example", TestCertificates.Server));
        using var other = TestCertificates.Make("ftp.example");
        var refusal = await RefusalAsync(pinned, "ftp.example", other);
        Assert.Contains(TlsTrust.FingerprintOf(other), refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADataConnectionMustShowTheControlConnectionsCertificate()
    {
        using var session = new TlsClient("ftp.example", TestCertificates.Trust).Begin();
        using var other = TestCertificates.Make("ftp.example");
        var (here, there) = MemoryDuplex.Pair();
        await using var control = session.WrapControl(here);
        await using var server = TestCertificates.AsServer().Wrap(there, data: false);
        Assert.Null(await control.Handshake);
        foreach (var (certificate, good) in new[] { (TestCertificates.Server, true), (other, false) })
        {
            var (near, far) = MemoryDuplex.Pair();
            await using var data = session.WrapData(near);
            await using var thief = TestCertificates.AsServer(certificate).Wrap(far, data: true);
            Assert.Equal(good, await data.Handshake is null);
        }
    }

    [Fact]
    public void SessionsAtTheSameTimeHaveTheirOwnSpellings()
    {
        var names = Enumerable.Range(0, 200).Select(_ => TlsSessionName.Take("Some.example")).ToArray();
        Assert.Equal("some.example", names[0].Spelling);
        Assert.Equal(200, names.Select(name => name.Spelling).Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, name => Assert.Equal("some.example", name.Spelling, ignoreCase: true));
        foreach (var name in names)
            name.Dispose();
        using var again = TlsSessionName.Take("some.example");
        Assert.Equal("some.example", again.Spelling);
        using var few = TlsSessionName.Take("1.a");
        using var second = TlsSessionName.Take("1.a");
        using var third = TlsSessionName.Take("1.a");
        Assert.Equal(["1.a", "1.A", "1.a"], [few.Spelling, second.Spelling, third.Spelling]);
        using var address = TlsSessionName.Take("192.0.2.7");
        Assert.Equal("address-192-0-2-7.invalid", address.Spelling);
    }
}
