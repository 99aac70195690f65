using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Trust;
using Culvert.TestKit.Certificates;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh.Certificates;

public sealed class HostCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CertificateAuthority _authority = new(Signer.GenerateEd25519());
    private readonly Signer _key = Signer.GenerateEd25519();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<string> _shown = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Hosts => _folder.File("known_hosts");

    public void Dispose()
    {
        _key.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    private async Task CheckAsync(string known, CertificateAuthority.Wish wish, string host = "host.example.org", int port = 22, string? alias = null)
    {
        await File.WriteAllTextAsync(Hosts, known, Cancelled);
        var certificate = await _authority.IssueAsync(_key.PublicKey, wish, Cancelled);
        var policy = new KnownHostsPolicy(new() { UserFiles = [Hosts], Checking = HostKeyChecking.Yes, Show = _shown.Add, Time = _time, HostKeyAlias = alias });
        await policy.CheckAsync(new(new Endpoint(host, port), certificate.Type, certificate.Blob, certificate.Fingerprint), Cancelled);
    }

    private async Task RefusedAsync(string known, CertificateAuthority.Wish wish, string why, string host = "host.example.org", int port = 22, string? alias = null)
    {
        _shown.Clear();
        var e = await Assert.ThrowsAsync<SshHostKeyException>(() => CheckAsync(known, wish, host, port, alias));
        Assert.Equal("Host key verification failed.", e.Message);
        Assert.Contains(_shown, text => text.Contains(why, StringComparison.Ordinal));
    }

    private const string Unknown = "No ED25519 host key is known for ";

    private string Authority(string hosts) => $"@cert-authority {hosts} {_authority.PublicKey} comment\n";

    [Theory]
    [InlineData("host.example.org", 22)]
    [InlineData("*.example.org", 22)]
    [InlineData("*", 22)]
    [InlineData("[host.example.org]:2222", 2222)]
    [InlineData("*.example.org", 2222)] // without its port, as in OpenSSH
    public async Task An_authority_of_the_host_vouches_for_its_key(string hosts, int port)
    {
        await CheckAsync(Authority(hosts), new() { Principals = ["host.example.org"] }, port: port);
        Assert.Empty(_shown);
        Assert.Equal(Authority(hosts), await File.ReadAllTextAsync(Hosts, Cancelled));
    }

    [Fact]
    public async Task A_hashed_name_and_an_alias_serve_too()
    {
        await CheckAsync(Authority(HostNames.Hash("host.example.org")), new() { Principals = ["host.example.org"] });
        await CheckAsync(Authority("the-alias"), new() { Principals = ["the-alias"] }, alias: "the-alias");
        await RefusedAsync(Authority("the-alias"), new() { Principals = ["host.example.org"] }, "not a listed principal", alias: "the-alias");
    }

    [Theory]
    [InlineData("other.example.org")]
    [InlineData("*.example.org,!host.example.org")]
    public async Task An_authority_of_other_hosts_says_nothing(string hosts) =>
        await RefusedAsync(Authority(hosts), new() { Principals = ["host.example.org"] }, Unknown);

    [Fact]
    public async Task An_authority_s_key_is_no_host_key_and_a_host_key_is_no_authority()
    {
        await RefusedAsync($"host.example.org {_authority.PublicKey}\n", new(), "REMOTE HOST IDENTIFICATION HAS CHANGED");
        await RefusedAsync($"@cert-authority host.example.org {_key.PublicKey}\n", new(), Unknown);
    }

    [Fact]
    public async Task A_certificate_that_is_not_in_order_falls_back_to_the_key_in_it()
    {
        CertificateAuthority.Wish expired = new() { ValidBefore = (ulong)_time.GetUtcNow().ToUnixTimeSeconds() };
        await RefusedAsync(Authority("*"), expired, "Certificate invalid: expired");
        Assert.Contains(_shown, text => text.StartsWith(Unknown, StringComparison.Ordinal));
        await RefusedAsync(Authority("*"), new() { Kind = 1 }, "Certificate invalid: not a host certificate");
        await RefusedAsync(Authority("*"), new() { Principals = ["other"] }, "Certificate invalid: name is not a listed principal");
        await RefusedAsync(Authority("*"), new() { CriticalOptions = ["force"] }, "unsupported critical options");
        await RefusedAsync(Authority("*"), new() { ValidAfter = (ulong)_time.GetUtcNow().ToUnixTimeSeconds() + 1 }, "Certificate invalid: not yet valid");

        // The key in it is known: that is enough, as it is for a host without any certificate.
        await CheckAsync(Authority("*") + $"host.example.org {_key.PublicKey}\n", expired);
        await CheckAsync($"host.example.org {_key.PublicKey}\n", expired);
    }

    [Fact]
    public async Task What_is_revoked_is_refused_whoever_vouches_for_it()
    {
        await RefusedAsync($"{Authority("*")}@revoked * {_key.PublicKey}\n", new(), "REVOKED HOST KEY DETECTED");
        await RefusedAsync($"{Authority("*")}@revoked host.example.org {_authority.PublicKey}\n", new(), "REVOKED HOST KEY DETECTED");
        await RefusedAsync($"@revoked * {_key.PublicKey}\nhost.example.org {_key.PublicKey}\n", new(), "REVOKED HOST KEY DETECTED");
        await CheckAsync($"{Authority("*")}@revoked other.example.org {_authority.PublicKey}\n", new());
    }

    /// <summary>CASignatureAlgorithms: the authority of these tests signs by ssh-ed25519.</summary>
    [Theory]
    [InlineData("ssh-ed25519", true)]
    [InlineData("rsa-sha2-512,ecdsa-sha2-nistp256", false)]
    public async Task An_authority_signs_by_what_the_user_takes(string algorithms, bool isTaken)
    {
        await File.WriteAllTextAsync(Hosts, Authority("*"), Cancelled);
        var certificate = await _authority.IssueAsync(_key.PublicKey, new(), Cancelled);
        var policy = new KnownHostsPolicy(new() { UserFiles = [Hosts], Checking = HostKeyChecking.Yes, Show = _shown.Add, Time = _time, AuthoritySignatures = algorithms.Split(',') });
        async Task CheckAsync() => await policy.CheckAsync(new(new Endpoint("host.example.org", 22), certificate.Type, certificate.Blob, certificate.Fingerprint), Cancelled);
        if (isTaken)
        {
            await CheckAsync();
            return;
        }
        await Assert.ThrowsAsync<SshHostKeyException>(CheckAsync);
        Assert.Equal("Certificate signed with disallowed algorithm", _shown[0]);
    }

    [Fact]
    public async Task Where_an_authority_may_vouch_certificates_are_offered_first()
    {
        await File.WriteAllTextAsync(Hosts, Authority("*.example.org"), Cancelled);
        var policy = new KnownHostsPolicy(new() { UserFiles = [Hosts] });
        var known = await policy.KnownAlgorithmsAsync(new Endpoint("host.example.org", 22), Cancelled);
        Assert.Equal(Algorithms.Of(AlgorithmKind.HostKey).Where(name => name.EndsWith("-cert-v01@openssh.com", StringComparison.Ordinal)), known);
        Assert.Empty(await policy.KnownAlgorithmsAsync(new Endpoint("host.example.net", 22), Cancelled));
    }
}
