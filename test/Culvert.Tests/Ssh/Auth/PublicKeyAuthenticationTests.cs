using System.Text;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Wire;
using Culvert.Tests.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Auth;

public sealed class PublicKeyAuthenticationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static async Task Denied(AuthenticationScript script, Func<AuthenticationScript.Server, Task> serve, string message) =>
        Assert.Equal(message, (await Assert.ThrowsAsync<SshAuthenticationException>(() => script.RunAsync(serve))).Message);

    private static async Task Broken(AuthenticationScript script, Func<AuthenticationScript.Server, Task> serve, string message) =>
        Assert.Contains(message, (await Assert.ThrowsAsync<SshProtocolException>(() => script.RunAsync(serve))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_second_key_may_be_demanded()
    {
        using var one = Signer.GenerateEd25519();
        using var two = Signer.GenerateEd25519();
        var script = new AuthenticationScript();
        script.Options = script.Options with { Signers = [one, two] };
        await script.RunAsync(async server =>
        {
            await server.BeginAsync("publickey");
            foreach (var key in (Signer[])[one, two])
            {
                Assert.Equal(new SshWriter().Bool(false).String("ssh-ed25519").String(key.PublicKey.Blob.Span).ToArray(), await server.ExpectAsync("publickey"));
                await server.SendAsync(new SshWriter().Byte(60).String("ssh-ed25519").String(key.PublicKey.Blob.Span));
                await server.ExpectAsync("publickey");
                if (key == one)
                    await server.FailAsync(true, "publickey");
            }
            await server.SucceedAsync();
        });
    }

    [Fact]
    public async Task No_passphrase_is_asked_for_a_key_that_the_server_does_not_want()
    {
        var script = new AuthenticationScript();
        script.Options = script.Options with { IdentityFiles = [new(KeyFixture.Place(_folder.Path, "ed25519.aes256-ctr"))] };
        await Denied(script, async server =>
        {
            await server.BeginAsync("publickey");
            await server.ExpectAsync("publickey");
            await server.FailAsync(false, "publickey");
        }, "user@host: Permission denied (publickey).");
        Assert.Empty(script.Asked);
    }

    [Theory]
    [InlineData("rsa-sha2-256,ssh-ed25519", "rsa-sha2-256")]
    [InlineData("ssh-ed25519,rsa-sha2-512,rsa-sha2-256", "rsa-sha2-512")]
    [InlineData(null, "rsa-sha2-256")]
    [InlineData("ssh-rsa", null)]
    public async Task The_servers_list_decides_how_rsa_signs(string? list, string? expected)
    {
        using var key = RsaSigner.Generate(2048);
        var script = new AuthenticationScript();
        script.Options = script.Options with { Signers = [key] };
        if (list is not null)
            script.Extensions["server-sig-algs"] = Encoding.ASCII.GetBytes(list);
        await Denied(script, async server =>
        {
            await server.BeginAsync("publickey");
            if (expected is not null)
            {
                Assert.Equal(new SshWriter().Bool(false).String(expected).String(key.PublicKey.Blob.Span).ToArray(), await server.ExpectAsync("publickey"));
                await server.FailAsync(false, "publickey");
            }
        }, "user@host: Permission denied (publickey).");
    }

    [Fact]
    public async Task Another_key_than_offered_gets_no_signature()
    {
        using var key = Signer.GenerateEd25519();
        var script = new AuthenticationScript();
        script.Options = script.Options with { Signers = [key] };
        await Broken(script, async server =>
        {
            await server.BeginAsync("publickey");
            await server.ExpectAsync("publickey");
            await server.SendAsync(new SshWriter().Byte(60).String("ssh-ed25519").String(KeyFixture.PublicOf("ed25519").Blob.Span));
        }, "was not offered");
    }

    [Fact]
    public async Task A_broken_key_file_is_shown_and_passed_over()
    {
        using var key = Signer.GenerateEd25519();
        var script = new AuthenticationScript();
        script.Options = script.Options with
        {
            IdentityFiles = [new(KeyFixture.Place(_folder.Path, "rsa2048.legacy")), new(_folder.File("missing")), new(KeyFixture.Place(_folder.Path, "ecdsa384.pkcs8"))],
            Agent = new Agent(_folder.File("nobody")),
        };
        var user = await script.RunAsync(new ServerAuthenticationOptions { PublicKey = ServerAuthenticationOptions.OnlyKeys("user", KeyFixture.PublicOf("ecdsa384")) });
        Assert.Equal("user", user);
        Assert.Equal(2, script.Shown.Count);
        Assert.Contains("ssh-keygen -p -f", script.Shown[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_keys_that_a_file_names_come_first_and_identities_only_means_it()
    {
        await using var agent = await RealAgent.StartAsync(_folder, TestContext.Current.CancellationToken);
        foreach (var name in (string[])["rsa2048", "ecdsa256", "ed25519"])
            await agent.AddAsync(KeyFixture.Place(_folder.Path, name), TestContext.Current.CancellationToken);
        var chosen = _folder.File("chosen");
        File.Copy(Path.Combine(KeyFixture.Folder, "ed25519.pub"), chosen + ".pub");

        async Task<List<string>> Offered(bool identitiesOnly)
        {
            var offered = new List<string>();
            var script = new AuthenticationScript();
            script.Options = script.Options with
            {
                Agent = new Agent(agent.Socket),
                IdentitiesOnly = identitiesOnly,
                IdentityFiles = [new(chosen), new(KeyFixture.Place(_folder.Path, "ecdsa521"))],
            };
            await Assert.ThrowsAsync<SshAuthenticationException>(() => script.RunAsync(new ServerAuthenticationOptions
            {
                PublicKey = (_, key, _) =>
                {
                    offered.Add(key.Type);
                    return new(false);
                },
            }));
            return offered;
        }

        Assert.Equal(["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521"], await Offered(false));
        Assert.Equal(["ssh-ed25519", "ecdsa-sha2-nistp521"], await Offered(true));
    }
}
