using Culvert.Ssh;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Tests.Ssh.Hostile;

/// <summary>A server that plays tricks while somebody logs in.</summary>
public sealed class LoginTests
{
    private static readonly byte[] Accept = new SshWriter().Byte(MessageNumber.ServiceAccept).String("ssh-userauth").ToArray();

    [Theory]
    [InlineData(MessageNumber.ServiceRequest)]
    [InlineData(MessageNumber.UserAuthRequest)]
    [InlineData(MessageNumber.UserAuthFailure)]
    [InlineData(MessageNumber.UserAuthSuccess)]
    [InlineData(MessageNumber.UserAuthPublicKeyOk)]
    [InlineData(MessageNumber.UserAuthInfoResponse)]
    [InlineData(MessageNumber.GlobalRequest)]
    [InlineData(MessageNumber.RequestSuccess)]
    [InlineData(MessageNumber.ChannelOpen)]
    [InlineData(MessageNumber.ChannelData)]
    [InlineData(MessageNumber.ChannelClose)]
    [InlineData(200)]
    public async Task Messages_out_of_order_before_the_service_is_granted(byte number)
    {
        await using var server = await HostileServer.KeyedAsync();
        await server.SendAsync([number, 0, 0, 0, 0]);
        await AssertToldAsync(server, $"authentication: message {number} instead of SSH_MSG_SERVICE_ACCEPT");
    }

    [Theory]
    [InlineData(MessageNumber.ServiceAccept)]
    [InlineData(MessageNumber.UserAuthRequest)]
    [InlineData(MessageNumber.UserAuthPublicKeyOk)]
    [InlineData(MessageNumber.GlobalRequest)]
    [InlineData(MessageNumber.ChannelOpen)]
    [InlineData(MessageNumber.ChannelOpenConfirmation)]
    [InlineData(MessageNumber.ChannelData)]
    public async Task Messages_out_of_order_before_the_verdict(byte number)
    {
        await using var server = await HostileServer.KeyedAsync();
        await server.SendAsync(Accept, [number, 0, 0, 0, 0]);
        await AssertToldAsync(server, $"authentication: message {number} was not expected");
    }

    [Fact]
    public async Task Success_with_something_behind_it()
    {
        await using var server = await HostileServer.KeyedAsync();
        await server.SendAsync(Accept, [MessageNumber.UserAuthSuccess, 1]);
        await AssertToldAsync(server, "SSH_MSG_USERAUTH_FAILURE: 1 bytes after its end");
    }

    [Fact]
    public async Task Another_service()
    {
        await using var server = await HostileServer.KeyedAsync();
        await server.SendAsync(new SshWriter().Byte(MessageNumber.ServiceAccept).String("ssh-connection").ToArray());
        await AssertToldAsync(server, "SSH_MSG_SERVICE_ACCEPT: for another service");
    }

    [Fact]
    public async Task Banners_without_end()
    {
        var shown = 0;
        await using var server = await HostileServer.KeyedAsync(change: options => options with
        {
            Authentication = options.Authentication with { Show = text => shown += text.Length },
        });
        var banner = new SshWriter().Byte(MessageNumber.UserAuthBanner).String(new byte[100_000]).String("").ToArray();
        await server.SendAsync(Accept);
        await HostileServer.RepeatAsync(1000, () => server.SendAsync(banner));
        var failure = await server.EndAsync(35L * banner.Length);
        Assert.Equal("authentication: too many banners", Assert.IsType<SshProtocolException>(failure).Message);
        // Each is cut; escaped, a byte is four characters.
        Assert.InRange(shown, 1, 32 * (8 * 1024 + 5));
    }

    [Fact]
    public async Task Methods_without_number()
    {
        await using var server = await HostileServer.KeyedAsync();
        await server.SendAsync(Accept, Failure([.. Enumerable.Range(0, 1000).Select(i => $"m{i}")]));
        await AssertToldAsync(server, "SSH_MSG_USERAUTH_FAILURE: malformed list of methods");
    }

    [Fact]
    public async Task Questions_without_end()
    {
        await using var server = await HostileServer.KeyedAsync(change: options => options with
        {
            Authentication = options.Authentication with { Ask = (_, _) => new("answer") },
        });
        await server.SendAsync(Accept, Failure("keyboard-interactive"));
        var question = new SshWriter().Byte(MessageNumber.UserAuthInfoRequest).String("").String("").String("").UInt32(1).String("?").Bool(true).ToArray();
        await server.ReceiveAsync(MessageNumber.UserAuthRequest);
        await server.ReceiveAsync(MessageNumber.UserAuthRequest);
        var rounds = await HostileServer.RepeatAsync(1000, async () =>
        {
            await server.SendAsync(question);
            return (await server.ReceiveAsync())[0] == MessageNumber.UserAuthInfoResponse;
        });
        Assert.Equal(32, rounds);
        Assert.Equal("keyboard-interactive: too many rounds", (await server.EndAsync(10_000)).Message);
    }

    [Theory]
    [InlineData("password", 3)]
    [InlineData("keyboard-interactive", 3)]
    public async Task A_password_that_is_never_good_enough(string method, int attempts)
    {
        var asked = 0;
        await using var server = await HostileServer.KeyedAsync(change: options => options with
        {
            Authentication = options.Authentication with
            {
                Ask = (_, _) =>
                {
                    asked++;
                    return new("secret");
                },
            },
        });
        await server.SendAsync(Accept);
        var question = new SshWriter().Byte(MessageNumber.UserAuthInfoRequest).String("").String("").String("").UInt32(1).String("Password: ").Bool(false).ToArray();
        await HostileServer.RepeatAsync(1000, async () =>
        {
            var request = await server.ReceiveAsync();
            if (request[0] == MessageNumber.Disconnect)
                return false;
            // "Partially accepted" is what would make a client begin anew.
            return await server.SendAsync(asked == 0 || request[0] == MessageNumber.UserAuthInfoResponse || method == "password" ? Failure(method, partial: true) : question);
        });
        Assert.IsType<SshAuthenticationException>(await server.EndAsync(10_000));
        Assert.InRange(asked, 0, attempts);
    }

    /// <summary>A password change that is demanded again and again.</summary>
    [Fact]
    public async Task New_passwords_without_end()
    {
        var asked = 0;
        await using var server = await HostileServer.KeyedAsync(change: options => options with
        {
            Authentication = options.Authentication with
            {
                Ask = (_, _) =>
                {
                    asked++;
                    return new("secret");
                },
            },
        });
        await server.SendAsync(Accept, Failure("password"));
        var demand = new SshWriter().Byte(MessageNumber.UserAuthPasswordChangeRequest).String("expired").String("").ToArray();
        await HostileServer.RepeatAsync(1000, async () => (await server.ReceiveAsync())[0] != MessageNumber.Disconnect && await server.SendAsync(demand));
        Assert.IsType<SshAuthenticationException>(await server.EndAsync(10_000));
        Assert.InRange(asked, 1, 30);
    }

    private static byte[] Failure(params string[] methods) => new SshWriter().Byte(MessageNumber.UserAuthFailure).NameList(methods).Bool(false).ToArray();

    private static byte[] Failure(string method, bool partial) => new SshWriter().Byte(MessageNumber.UserAuthFailure).NameList([method]).Bool(partial).ToArray();

    /// <summary>The client ends, and tells the server of which sin.</summary>
    private static async Task AssertToldAsync(HostileServer server, string expected)
    {
        var goodbye = await server.ReceiveAsync(MessageNumber.Disconnect);
        Assert.Equal((DisconnectReason.ProtocolError, expected), TransportMessages.ParseDisconnect(goodbye));
        Assert.Equal(expected, Assert.IsType<SshProtocolException>(await server.EndAsync(20_000)).Message);
    }
}
