using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Certificates;
using Culvert.Tests.Ssh.Certificates;
using Culvert.Tests.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Auth;

public sealed class UserCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    private string Place(string name, bool certificate = true)
    {
        var path = KeyFixture.Place(_folder.Path, name);
        if (certificate)
            File.Copy(Path.Combine(KeyFixture.Folder, "certificates", $"user-{name}-cert.pub"), path + "-cert.pub");
        return path;
    }

    private string Named(string name)
    {
        var path = _folder.File("named-" + name);
        File.Copy(Path.Combine(KeyFixture.Folder, "certificates", name + "-cert.pub"), path, overwrite: true);
        return path;
    }

    /// <summary>The blobs that are offered, in order; the last one is accepted, and what it signs is checked.</summary>
    private static async Task OfferedAsync(AuthenticationScript script, string algorithm, params PublicKey[] keys) =>
        await script.RunAsync(async server =>
        {
            await server.BeginAsync("publickey");
            foreach (var key in keys)
            {
                var reader = new SshReader(await server.ExpectAsync("publickey"), "request");
                Assert.False(reader.Bool("signed"));
                var said = reader.Text("algorithm");
                Assert.Equal((key.ToString(), true), (PublicKeys.Parse(reader.String("key")).ToString(), key.SignatureAlgorithms.Contains(said)));
                if (key != keys[^1])
                    await server.FailAsync(false, "publickey");
            }
            var last = keys[^1];
            await server.SendAsync(new SshWriter().Byte(60).String(algorithm).String(last.Blob.Span));
            RequireSignature(await server.ExpectAsync("publickey"), algorithm, last);
            await server.SucceedAsync();
        });

    private static void RequireSignature(byte[] request, string algorithm, PublicKey key)
    {
        var head = new SshWriter().Byte(50).String("user").String("ssh-connection").String("publickey").Bool(true).String(algorithm).String(key.Blob.Span).ToArray();
        var reader = new SshReader(request, "request");
        Assert.True(reader.Bool("signed"));
        Assert.Equal(algorithm, reader.Text("algorithm"));
        reader.String("key");
        var signature = reader.String("signature").ToArray();
        Assert.Equal(CertificateNames.Plain(algorithm), new SshReader(signature, "signature").Text("algorithm"));
        Assert.True(key.Verify(algorithm, new SshWriter().String(AuthenticationScript.SessionId).Raw(head).ToArray(), signature));
    }

    [Theory]
    [InlineData("ed25519", "ssh-ed25519-cert-v01@openssh.com")]
    [InlineData("ecdsa256", "ecdsa-sha2-nistp256-cert-v01@openssh.com")]
    [InlineData("ecdsa384", "ecdsa-sha2-nistp384-cert-v01@openssh.com")]
    [InlineData("ecdsa521", "ecdsa-sha2-nistp521-cert-v01@openssh.com")]
    [InlineData("rsa2048", "rsa-sha2-512-cert-v01@openssh.com")]
    public async Task The_certificate_beside_a_key_comes_after_it(string name, string algorithm)
    {
        var script = new AuthenticationScript();
        script.Extensions["server-sig-algs"] = "ssh-ed25519,rsa-sha2-512"u8.ToArray();
        script.Options = script.Options with { IdentityFiles = [new IdentityFile(Place(name))] };
        await OfferedAsync(script, algorithm, KeyFixture.PublicOf(name), CertificateTests.Read("user-" + name));
    }

    [Fact]
    public async Task A_certificate_that_is_named_comes_first_and_the_one_beside_the_key_does_not_count()
    {
        var script = new AuthenticationScript();
        script.Options = script.Options with { IdentityFiles = [new IdentityFile(Place("ed25519"))], CertificateFiles = [Named("user-forced")] };
        await OfferedAsync(script, "ssh-ed25519-cert-v01@openssh.com", CertificateTests.Read("user-forced"));

        script = new AuthenticationScript();
        script.Options = script.Options with { IdentityFiles = [new IdentityFile(_folder.File("ed25519"))], CertificateFiles = [Named("user-rsa2048")] };
        // Nobody holds the key of that one.
        await OfferedAsync(script, "ssh-ed25519", KeyFixture.PublicOf("ed25519"));
    }

    [Fact]
    public async Task Certificates_of_hosts_and_missing_ones_are_told_and_passed_over()
    {
        var script = new AuthenticationScript();
        script.Options = script.Options with
        {
            IdentityFiles = [new IdentityFile(Place("ed25519", certificate: false))],
            CertificateFiles = [Named("host-ed25519"), _folder.File("missing"), _folder.File("ed25519")],
        };
        await OfferedAsync(script, "ssh-ed25519", KeyFixture.PublicOf("ed25519"));
        Assert.Equal(3, script.Shown.Count);
        Assert.Contains("not a user's certificate", script.Shown[0], StringComparison.Ordinal);
        Assert.Contains("not accessible: No such file", script.Shown[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task PubkeyAcceptedAlgorithms_means_certificates_too()
    {
        var script = new AuthenticationScript();
        script.Options = script.Options with { IdentityFiles = [new IdentityFile(Place("ed25519"))], Accepts = name => name == "ssh-ed25519-cert-v01@openssh.com" };
        await OfferedAsync(script, "ssh-ed25519-cert-v01@openssh.com", CertificateTests.Read("user-ed25519"));
    }

    [Fact]
    public async Task An_encrypted_key_is_opened_for_its_certificate_only_when_the_server_wants_it()
    {
        var path = _folder.File("key");
        File.Copy(KeyFixture.Place(_folder.Path, "rsa2048.pkcs8-encrypted"), path);
        File.Copy(Path.Combine(KeyFixture.Folder, "certificates", "user-rsa2048-cert.pub"), path + "-cert.pub");
        var script = new AuthenticationScript(KeyFixture.Passphrase);
        script.Options = script.Options with { IdentityFiles = [new IdentityFile(path)] };
        await OfferedAsync(script, "rsa-sha2-256-cert-v01@openssh.com", KeyFixture.PublicOf("rsa2048"), CertificateTests.Read("user-rsa2048"));
        Assert.Single(script.Asked);
    }

    [Fact]
    public async Task An_agent_holds_certificates_or_signs_for_them()
    {
        await using var agent = await RealAgent.StartAsync(_folder, Cancelled);
        // ssh-add takes the certificate beside the key along.
        await agent.AddAsync(Place("rsa2048"), Cancelled);
        await agent.AddAsync(Place("ecdsa256", certificate: false), Cancelled);
        var script = new AuthenticationScript();
        script.Options = script.Options with { Agent = new Agent(agent.Socket) };
        await OfferedAsync(script, "ecdsa-sha2-nistp256", KeyFixture.PublicOf("rsa2048"), CertificateTests.Read("user-rsa2048"), KeyFixture.PublicOf("ecdsa256"));

        script = new AuthenticationScript();
        script.Options = script.Options with { Agent = new Agent(agent.Socket), IdentityFiles = [new IdentityFile(_folder.File("rsa2048"))], IdentitiesOnly = true };
        await OfferedAsync(script, "rsa-sha2-256-cert-v01@openssh.com", KeyFixture.PublicOf("rsa2048"), CertificateTests.Read("user-rsa2048"));

        script = new AuthenticationScript();
        script.Options = script.Options with { Agent = new Agent(agent.Socket), CertificateFiles = [Named("user-ecdsa256")], IdentitiesOnly = true };
        await OfferedAsync(script, "ecdsa-sha2-nistp256-cert-v01@openssh.com", CertificateTests.Read("user-ecdsa256"));
    }

    [Fact]
    public async Task Our_own_server_takes_no_certificates()
    {
        using var authority = new CertificateAuthority(Signer.GenerateEd25519());
        using var key = Signer.GenerateEd25519();
        using var certified = new CertifiedSigner(await authority.IssueAsync(key.PublicKey, new() { Kind = 1 }, Cancelled), key);
        var script = new AuthenticationScript { };
        script.Options = script.Options with { Signers = [certified], Ask = null };
        await Assert.ThrowsAsync<SshAuthenticationException>(() => script.RunAsync(new Culvert.Ssh.Auth.ServerAuthenticationOptions { PublicKey = (_, _, _) => new(true) }));
    }
}
