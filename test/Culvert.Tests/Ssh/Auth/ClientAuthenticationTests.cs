using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Tests.Ssh.Auth;

public sealed class ClientAuthenticationTests
{
    private static async Task Denied(AuthenticationScript script, Func<AuthenticationScript.Server, Task> serve, string message) =>
        Assert.Equal(message, (await Assert.ThrowsAsync<SshAuthenticationException>(() => script.RunAsync(serve))).Message);

    private static async Task Broken(AuthenticationScript script, Func<AuthenticationScript.Server, Task> serve, string message) =>
        Assert.Contains(message, (await Assert.ThrowsAsync<SshProtocolException>(() => script.RunAsync(serve))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task None_may_be_enough() =>
        await new AuthenticationScript().RunAsync(async server =>
        {
            await server.ReceiveAsync();
            await server.SendAsync(new SshWriter().Byte(6).String("ssh-userauth"));
            await server.ExpectAsync("none");
            await server.SucceedAsync();
        });

    [Fact]
    public async Task A_password_is_asked_for_three_times()
    {
        var script = new AuthenticationScript("one", "two", "three");
        await Denied(script, async server =>
        {
            await server.BeginAsync("publickey", "password");
            foreach (var password in (string[])["one", "two", "three"])
            {
                await server.ExpectPasswordAsync(password);
                await server.FailAsync(false, "publickey", "password");
            }
        }, "user@host: Permission denied (publickey,password).");
        Assert.Equal(Enumerable.Repeat("user@host's password: ", 3), script.Asked);
        Assert.Equal(Enumerable.Repeat("Permission denied, please try again.", 2), script.Shown);
    }

    [Fact]
    public async Task A_password_from_elsewhere_is_tried_once_and_then_people_are_asked()
    {
        var script = new AuthenticationScript("typed");
        var taken = 0;
        script.Options = script.Options with { PasswordSource = _ => new($"file{++taken}") };
        await script.RunAsync(async server =>
        {
            await server.BeginAsync("password");
            await server.ExpectPasswordAsync("file1");
            await server.FailAsync(false, "password");
            await server.ExpectPasswordAsync("typed");
            await server.SucceedAsync();
        });
        Assert.Equal(1, taken);
    }

    [Fact]
    public async Task Without_anybody_to_ask_it_ends_at_once_and_says_which_option_answers()
    {
        var script = new AuthenticationScript();
        script.Options = script.Options with { Ask = null };
        await Denied(script, server => server.BeginAsync("password", "keyboard-interactive"), "user@host: Permission denied (password,keyboard-interactive).");
        Assert.Contains("--password-file", Assert.Single(script.Shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_answering_ends_the_method()
    {
        var script = new AuthenticationScript([null]);
        await Denied(script, server => server.BeginAsync("password"), "user@host: Permission denied (password).");
    }

    [Fact]
    public async Task An_expired_password_is_changed()
    {
        var script = new AuthenticationScript("old", "new", "mistyped", "new", "new");
        await script.RunAsync(async server =>
        {
            await server.BeginAsync("password");
            await server.ExpectPasswordAsync("old");
            await server.SendAsync(new SshWriter().Byte(60).String("It \u001b[31mexpired").String(""));
            Assert.Equal(new SshWriter().Bool(true).String("old").String("new").ToArray(), await server.ExpectAsync("password"));
            await server.SucceedAsync();
        });
        Assert.Equal(["It \\x1B[31mexpired", "Mismatch; try again, EOF to quit."], script.Shown);
        Assert.Equal("Retype user@host's new password: ", script.Asked[^1]);
    }

    [Fact]
    public async Task An_expired_password_with_nobody_there_is_refused_clearly()
    {
        var script = new AuthenticationScript();
        script.Options = script.Options with { Ask = null, PasswordSource = _ => new("old") };
        await Denied(script, async server =>
        {
            await server.BeginAsync("password");
            await server.ExpectPasswordAsync("old");
            await server.SendAsync(new SshWriter().Byte(60).String("").String(""));
        }, "user@host: Permission denied (password).");
        Assert.Contains("has expired", Assert.Single(script.Shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interactive_prompts_are_answered_in_order()
    {
        var script = new AuthenticationScript("secret", "123456");
        await script.RunAsync(async server =>
        {
            await server.BeginAsync("keyboard-interactive", "password");
            Assert.Equal(new SshWriter().String("").String("").ToArray(), await server.ExpectAsync("keyboard-interactive"));
            await server.DemandAsync("Two steps", "line 1\nline 2\a", ("Password: ", false), ("Code: ", true));
            Assert.Equal(new SshWriter().Byte(61).UInt32(2).String("secret").String("123456").ToArray(), await server.ReceiveAsync());
            // PAM likes to end with a form without questions.
            await server.DemandAsync("", "");
            Assert.Equal(new SshWriter().Byte(61).UInt32(0).ToArray(), await server.ReceiveAsync());
            await server.SucceedAsync();
        });
        Assert.Equal(["(user@host) Password: ", "(user@host) Code: "], script.Asked);
        Assert.Equal(["Two steps", "line 1\nline 2\\x07"], script.Shown);
    }

    [Fact]
    public async Task A_password_from_elsewhere_answers_a_lone_hidden_prompt_once()
    {
        var script = new AuthenticationScript();
        script.Options = script.Options with { Ask = null, PasswordSource = _ => new("file") };
        await Denied(script, async server =>
        {
            await server.BeginAsync("keyboard-interactive", "password");
            await server.ExpectAsync("keyboard-interactive");
            await server.DemandAsync("", "", ("Password: ", false));
            Assert.Equal(new SshWriter().Byte(61).UInt32(1).String("file").ToArray(), await server.ReceiveAsync());
            await server.FailAsync(false, "keyboard-interactive", "password");
        }, "user@host: Permission denied (keyboard-interactive,password).");
    }

    [Fact]
    public async Task Interactive_attempts_end_whenever_the_password_from_elsewhere_is_taken()
    {
        var script = new AuthenticationScript("1", "2", "3", "4", "5");
        script.Options = script.Options with { PasswordSource = _ => new("file") };
        await Denied(script, async server =>
        {
            await server.BeginAsync("keyboard-interactive");
            for (var i = 0; i < 4; i++)
            {
                await server.ExpectAsync("keyboard-interactive");
                if (i == 3)
                {
                    await server.DemandAsync("", "", ("Password: ", false));
                    await server.ReceiveAsync();
                }
                await server.FailAsync(false, "keyboard-interactive");
            }
        }, "user@host: Permission denied (keyboard-interactive).");
    }

    [Fact]
    public async Task A_wrong_password_from_elsewhere_costs_none_of_the_interactive_questions()
    {
        var script = new AuthenticationScript("1", "2", "3");
        script.Options = script.Options with { PasswordSource = _ => new("file") };
        await Denied(script, async server =>
        {
            await server.BeginAsync("keyboard-interactive");
            foreach (var answer in new[] { "file", "1", "2", "3" })
            {
                await server.ExpectAsync("keyboard-interactive");
                await server.DemandAsync("", "", ("Password: ", false));
                Assert.Equal(new SshWriter().Byte(61).UInt32(1).String(answer).ToArray(), await server.ReceiveAsync());
                await server.FailAsync(false, "keyboard-interactive");
            }
        }, "user@host: Permission denied (keyboard-interactive).");
        Assert.Equal(3, script.Asked.Count);
    }

    [Fact]
    public async Task Partial_success_goes_on_with_the_next_method()
    {
        using var key = Signer.GenerateEd25519();
        var script = new AuthenticationScript("pw");
        script.Options = script.Options with { Signers = [key] };
        await script.RunAsync(async server =>
        {
            await server.BeginAsync("publickey");
            await server.ExpectAsync("publickey");
            await server.SendAsync(new SshWriter().Byte(60).String("ssh-ed25519").String(key.PublicKey.Blob.Span));
            await server.ExpectAsync("publickey");
            await server.FailAsync(true, "password");
            await server.ExpectPasswordAsync("pw");
            await server.SucceedAsync();
        });
    }

    [Fact]
    public async Task The_order_of_methods_is_the_users()
    {
        using var key = Signer.GenerateEd25519();
        var script = new AuthenticationScript("pw");
        script.Options = script.Options with { Signers = [key], Methods = ["gssapi-with-mic", "password", "publickey"] };
        await script.RunAsync(async server =>
        {
            await server.BeginAsync("publickey", "password", "gssapi-with-mic");
            await server.ExpectPasswordAsync("pw");
            await server.SucceedAsync();
        });
    }

    [Fact]
    public async Task Banners_are_escaped_and_bounded()
    {
        var script = new AuthenticationScript();
        await script.RunAsync(async server =>
        {
            await server.ReceiveAsync();
            await server.SendAsync(new SshWriter().Byte(6).String("ssh-userauth"));
            await server.ExpectAsync("none");
            await server.SendAsync(new SshWriter().Byte(53).String("Welcome\r\n\u001b]0;evil\a\u202Ex\n").String("en"));
            await server.SendAsync(new SshWriter().Byte(53).String(new string('x', 100_000)).String(""));
            await server.SucceedAsync();
        });
        Assert.Equal("Welcome\n\\x1B]0;evil\\x07\\u202Ex", script.Shown[0]);
        Assert.InRange(script.Shown[1].Length, 8 * 1024, 8 * 1024 + 10);

        await Broken(new AuthenticationScript(), async server =>
        {
            await server.ReceiveAsync();
            for (var i = 0; i < 40; i++)
                await server.SendAsync(new SshWriter().Byte(53).String("again").String(""));
        }, "too many banners");
    }

    public static TheoryData<string, string> Nonsense => new()
    {
        { "3400", "after its end" },
        { "33", "ends within" },
        { "3300000001", "claims 1 bytes" },
        { "330000000570617373", "claims 5 bytes" },
        { "3300000004701b737300", "malformed list" },
        { "33000000000000", "after its end" },
        { "5a00", "message 90 was not expected" },
        { "3c", "message 60 was not expected" },
        { "", "empty message" },
    };

    [Theory, MemberData(nameof(Nonsense))]
    public async Task Nonsense_from_a_server_is_a_protocol_error(string reply, string message) =>
        await Broken(new AuthenticationScript(), async server =>
        {
            await server.ReceiveAsync();
            await server.SendAsync(new SshWriter().Byte(6).String("ssh-userauth"));
            await server.ExpectAsync("none");
            await server.SendAsync(new SshWriter().Raw(Convert.FromHexString(reply)));
        }, message);

    [Fact]
    public async Task Success_before_it_was_asked_for_is_refused() =>
        await Broken(new AuthenticationScript(), async server =>
        {
            await server.ReceiveAsync();
            await server.SucceedAsync();
        }, "instead of SSH_MSG_SERVICE_ACCEPT");

    [Fact]
    public async Task Endless_forms_and_huge_forms_are_refused()
    {
        await Broken(new AuthenticationScript(), async server =>
        {
            await server.BeginAsync("keyboard-interactive");
            await server.ExpectAsync("keyboard-interactive");
            for (var i = 0; i < 33; i++)
            {
                await server.DemandAsync("", "");
                if (i < 32)
                    await server.ReceiveAsync();
            }
        }, "too many rounds");
        await Broken(new AuthenticationScript(), async server =>
        {
            await server.BeginAsync("keyboard-interactive");
            await server.ExpectAsync("keyboard-interactive");
            await server.SendAsync(new SshWriter().Byte(60).String("").String("").String("").UInt32(0x7fffffff));
        }, "prompts at once");
    }
}
