using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Culvert.Tests.Ssh.Signatures;
using Xunit;

namespace Culvert.Tests.Ssh.Auth;

public sealed class ServerAuthenticationTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ed25519")]
    [InlineData("nistp256")]
    [InlineData("nistp384")]
    [InlineData("nistp521")]
    [InlineData("rsa")]
    public async Task A_key_logs_in(string kind)
    {
        using var wrong = Signer.GenerateEd25519();
        using var key = SignatureTests.Generate(kind);
        var script = new AuthenticationScript();
        script.Options = script.Options with { Signers = [wrong, key] };
        Assert.Equal("user", await script.RunAsync(new ServerAuthenticationOptions { PublicKey = ServerAuthenticationOptions.OnlyKeys("user", key.PublicKey), Banner = "hello" }));
        Assert.Equal(["hello"], script.Shown);
    }

    [Fact]
    public async Task Another_key_does_not_log_in()
    {
        using var wrong = Signer.GenerateEd25519();
        using var key = Signer.GenerateEd25519();
        var script = new AuthenticationScript();
        script.Options = script.Options with { Signers = [wrong] };
        await Assert.ThrowsAsync<SshAuthenticationException>(() => script.RunAsync(new ServerAuthenticationOptions { PublicKey = ServerAuthenticationOptions.OnlyKeys("user", key.PublicKey) }));
    }

    [Fact]
    public async Task A_password_logs_in()
    {
        var script = new AuthenticationScript("wrong", "right");
        Assert.Equal("user", await script.RunAsync(new ServerAuthenticationOptions { Password = ServerAuthenticationOptions.OnlyPassword("user", "right") }));
        var other = new AuthenticationScript("right", "right", "right");
        var e = await Assert.ThrowsAsync<SshAuthenticationException>(() => other.RunAsync(new ServerAuthenticationOptions { Password = ServerAuthenticationOptions.OnlyPassword("somebody", "right") }));
        Assert.Equal("user@host: Permission denied (password).", e.Message);
    }

    [Fact]
    public async Task Nobody_gets_in_without_a_check()
    {
        using var key = Signer.GenerateEd25519();
        var script = new AuthenticationScript();
        script.Options = script.Options with { Signers = [key] };
        await Assert.ThrowsAsync<SshAuthenticationException>(() => script.RunAsync(new ServerAuthenticationOptions()));
    }

    private static async Task<Exception> RunRaw(ServerAuthenticationOptions options, params SshWriter[] requests)
    {
        var (client, server) = MemoryPacketTransport.Pair();
        await using (client)
        await using (server)
        {
            var serving = ServerAuthentication.RunAsync(server, AuthenticationScript.SessionId, options, Cancelled).AsTask();
            await client.WriteAsync(new SshWriter().Byte(5).String("ssh-userauth").WrittenMemory, Cancelled);
            foreach (var request in requests)
                await client.WriteAsync(request.WrittenMemory, Cancelled);
            await client.FlushAsync(Cancelled);
            await client.DisposeAsync();
            return await Assert.ThrowsAnyAsync<SshConnectionException>(() => serving);
        }
    }

    private static SshWriter Password(string password, string user = "user") =>
        AuthenticationMessages.Request(user, "password").Bool(false).String(password);

    [Fact]
    public async Task Six_refusals_end_it_and_none_is_not_one()
    {
        var tries = 0;
        var options = new ServerAuthenticationOptions
        {
            Password = (_, _, _) =>
            {
                tries++;
                return new(false);
            },
        };
        var e = await RunRaw(options, [AuthenticationMessages.Request("user", "none"), .. Enumerable.Range(0, 10).Select(_ => Password("x"))]);
        Assert.Equal("Too many authentication failures", e.Message);
        Assert.Equal(6, tries);
        Assert.IsType<SshAuthenticationException>(await RunRaw(options, [.. Enumerable.Range(0, 10).Select(_ => AuthenticationMessages.Request("user", "none"))]));
    }

    [Fact]
    public async Task Endless_questions_end_too()
    {
        using var key = Signer.GenerateEd25519();
        var options = new ServerAuthenticationOptions { PublicKey = ServerAuthenticationOptions.OnlyKeys("user", key.PublicKey) };
        var (client, server) = MemoryPacketTransport.Pair(capacity: 1000);
        await using (client)
        await using (server)
        {
            var serving = ServerAuthentication.RunAsync(server, AuthenticationScript.SessionId, options, Cancelled).AsTask();
            await client.WriteAsync(new SshWriter().Byte(5).String("ssh-userauth").WrittenMemory, Cancelled);
            for (var i = 0; i < 300; i++)
                await client.WriteAsync(AuthenticationMessages.PublicKeyProbe("user", "ssh-ed25519", key.PublicKey).WrittenMemory, Cancelled);
            await client.FlushAsync(Cancelled);
            await Assert.ThrowsAsync<SshAuthenticationException>(() => serving);
        }
    }

    [Fact]
    public async Task A_signature_over_another_session_or_user_is_refused()
    {
        using var key = Signer.GenerateEd25519();
        var options = new ServerAuthenticationOptions { PublicKey = (_, _, _) => new(true), MaximumAttempts = 1 };
        async Task<SshWriter> Signed(byte[] session, string signedUser, string user)
        {
            var data = AuthenticationMessages.SignedData(session, AuthenticationMessages.SignedPublicKey(signedUser, "ssh-ed25519", key.PublicKey.Blob.Span).WrittenSpan);
            var signature = await key.SignAsync("ssh-ed25519", data, Cancelled);
            return AuthenticationMessages.SignedPublicKey(user, "ssh-ed25519", key.PublicKey.Blob.Span).String(signature);
        }
        Assert.IsType<SshAuthenticationException>(await RunRaw(options, await Signed(new byte[32], "user", "user")));
        Assert.IsType<SshAuthenticationException>(await RunRaw(options, await Signed(AuthenticationScript.SessionId, "root", "user")));
    }

    [Fact]
    public async Task A_user_who_changes_or_another_service_is_a_protocol_error()
    {
        var options = new ServerAuthenticationOptions { Password = (_, _, _) => new(false) };
        Assert.Contains("has changed", (await RunRaw(options, Password("x"), Password("x", "other"))).Message, StringComparison.Ordinal);
        Assert.Contains("service not available", (await RunRaw(options, new SshWriter().Byte(50).String("user").String("ssh-other").String("none"))).Message, StringComparison.Ordinal);
        Assert.Contains("message 90", (await RunRaw(options, new SshWriter().Byte(90))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_truncated_request_logs_in_or_crashes()
    {
        var whole = Password("right").ToArray();
        var options = new ServerAuthenticationOptions { Password = ServerAuthenticationOptions.OnlyPassword("user", "right") };
        for (var length = 0; length < whole.Length; length++)
            Assert.IsType<SshProtocolException>(await RunRaw(options, new SshWriter().Raw(whole.AsSpan(0, length))));
    }
}
