using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.TestKit.Certificates;
using Culvert.Tests.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Certificates;

public sealed class CertificateTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 15, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Signatures = [.. Algorithms.Signatures];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    internal static Certificate Read(string name)
    {
        var line = File.ReadAllText(Path.Combine(KeyFixture.Folder, "certificates", name + "-cert.pub"));
        Assert.True(PublicKeys.TryParseLine(line, out var key), line);
        return Assert.IsType<Certificate>(key);
    }

    [Theory]
    [InlineData("ed25519", "ssh-ed25519-cert-v01@openssh.com", "ED25519-CERT", new[] { "ssh-ed25519-cert-v01@openssh.com" })]
    [InlineData("ecdsa256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ECDSA-CERT", new[] { "ecdsa-sha2-nistp256-cert-v01@openssh.com" })]
    [InlineData("ecdsa384", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ECDSA-CERT", new[] { "ecdsa-sha2-nistp384-cert-v01@openssh.com" })]
    [InlineData("ecdsa521", "ecdsa-sha2-nistp521-cert-v01@openssh.com", "ECDSA-CERT", new[] { "ecdsa-sha2-nistp521-cert-v01@openssh.com" })]
    [InlineData("rsa2048", "ssh-rsa-cert-v01@openssh.com", "RSA-CERT", new[] { "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com" })]
    public void What_ssh_keygen_signed_is_read(string key, string type, string shortName, string[] algorithms)
    {
        var host = Read("host-" + key);
        Assert.Equal((type, shortName, KeyFixture.PublicOf(key).Fingerprint), (host.Type, host.ShortName, host.Fingerprint));
        Assert.Equal(algorithms, host.SignatureAlgorithms);
        Assert.Equal(KeyFixture.PublicOf(key).Blob.ToArray(), host.Key.Blob.ToArray());
        Assert.Equal((7ul, CertificateKind.Host, "host " + key, 0ul, ulong.MaxValue), (host.Serial, host.Kind, host.KeyId, host.ValidAfter, host.ValidBefore));
        Assert.Equal(["host.example.org", "*.test.example.org"], host.Principals);
        Assert.Null(CertificateCheck.Objection(host, "host.example.org", Now, Signatures));
        Assert.Null(CertificateCheck.Objection(host, "a.test.example.org", Now, Signatures));

        var user = Read("user-" + key);
        Assert.Equal((8ul, CertificateKind.User), (user.Serial, user.Kind));
        Assert.Equal(["alice", "bob"], user.Principals);
        Assert.Equal("Certificate invalid: not a host certificate", CertificateCheck.Objection(user, "alice", Now, Signatures));
    }

    [Theory]
    [InlineData("user-sk", "sk-ssh-ed25519-cert-v01@openssh.com", "ED25519-SK-CERT")]
    [InlineData("user-sk-ecdsa", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "ECDSA-SK-CERT")]
    public void Security_keys_have_certificates_too(string name, string type, string shortName)
    {
        var certificate = Read(name);
        Assert.Equal((type, shortName), (certificate.Type, certificate.ShortName));
        Assert.Equal([type], certificate.SignatureAlgorithms);
        Assert.True(certificate.IsSigned);
    }

    [Theory]
    [InlineData("host-by-ecdsa", null)]
    [InlineData("host-by-rsa", null)]
    [InlineData("host-by-sha1", "Certificate invalid: its signature is wrong, or by an algorithm that is not accepted")]
    [InlineData("host-critical", "Certificate for host contains unsupported critical options(s)")]
    public void Authorities_sign_by_sha2_and_conditions_are_refused(string name, string? objection) =>
        Assert.Equal(objection, CertificateCheck.Objection(Read(name), "host.example.org", Now, Signatures));

    [Theory]
    [InlineData("2025-12-31T23:59:59Z", "Certificate invalid: not yet valid")]
    [InlineData("2026-01-01T00:00:00Z", null)]
    [InlineData("2026-01-31T23:59:59Z", null)]
    [InlineData("2026-02-01T00:00:00Z", "Certificate invalid: expired")]
    public void The_window_is_kept_to_the_second(string time, string? objection) =>
        Assert.Equal(objection, CertificateCheck.Objection(Read("host-window"), "host.example.org", DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture), Signatures));

    [Theory]
    [InlineData("example.org")]
    [InlineData("host.example.org.evil.example")]
    [InlineData("test.example.org")]
    [InlineData("")]
    public void Another_name_is_no_principal(string host) =>
        Assert.Equal("Certificate invalid: name is not a listed principal", CertificateCheck.Objection(Read("host-ed25519"), host, Now, Signatures));

    [Fact]
    public async Task Extensions_are_ignored_and_no_principal_means_every_host()
    {
        using var authority = new CertificateAuthority(Signer.GenerateEd25519());
        using var key = Signer.GenerateEd25519();
        var certificate = await authority.IssueAsync(key.PublicKey, new() { Extensions = ["unheard-of@example.org"] }, Cancelled);
        Assert.Null(CertificateCheck.Objection(certificate, "any", Now, Signatures));
    }

    [Fact]
    public async Task Nobody_else_s_word_counts_for_it_and_no_byte_may_change()
    {
        using var authority = new CertificateAuthority(Signer.GenerateEd25519());
        using var key = Signer.GenerateEd25519();
        var certificate = await authority.IssueAsync(key.PublicKey, new() { Principals = ["h"] }, Cancelled);
        for (var i = 0; i < certificate.Blob.Length; i++)
        {
            var damaged = certificate.Blob.ToArray();
            damaged[i] ^= 1;
            Assert.False(PublicKeys.TryParse(damaged, out var read) && read is Certificate { IsSigned: true }, $"byte {i}");
        }
        for (var length = 0; length < certificate.Blob.Length; length++)
            Assert.False(PublicKeys.TryParse(certificate.Blob.Span[..length], out _));
        Assert.False(PublicKeys.TryParse([.. certificate.Blob.Span, 0], out _));
    }

    [Fact]
    public async Task An_authority_is_a_key_and_not_a_certificate()
    {
        using var root = new CertificateAuthority(Signer.GenerateEd25519());
        using var middle = Signer.GenerateEd25519();
        using var key = Signer.GenerateEd25519();
        var delegated = await root.IssueAsync(middle.PublicKey, new(), Cancelled);
        using var authority = new CertificateAuthority(new CertifiedSigner(delegated, middle));
        var e = await Assert.ThrowsAsync<SshProtocolException>(() => authority.IssueAsync(key.PublicKey, new(), Cancelled));
        Assert.Contains("itself a certificate", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_principals_are_refused()
    {
        using var authority = new CertificateAuthority(Signer.GenerateEd25519());
        using var key = Signer.GenerateEd25519();
        var most = Enumerable.Range(0, 256).Select(i => $"h{i}").ToList();
        Assert.Equal(256, (await authority.IssueAsync(key.PublicKey, new() { Principals = most }, Cancelled)).Principals.Count);
        var e = await Assert.ThrowsAsync<SshProtocolException>(() => authority.IssueAsync(key.PublicKey, new() { Principals = [.. most, "one"] }, Cancelled));
        Assert.Contains("too many principals", e.Message, StringComparison.Ordinal);
    }
}
