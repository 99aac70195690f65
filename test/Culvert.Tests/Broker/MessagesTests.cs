using Culvert.Broker.Config;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class MessagesTests
{
    private static readonly ConnectionConfig Config = new() { Host = "server", Port = 2222 };

    [Theory]
    [InlineData("connect to host server port 2222: Connection refused", FailureKind.Refused, "ssh: connect to host server port 2222: Connection refused", "sshd")]
    [InlineData("connect to host server port 2222: Connection timed out", FailureKind.Timeout, "ssh: connect to host server port 2222: Connection timed out", "15 s")]
    [InlineData("Could not resolve hostname server: Name or service not known", FailureKind.UnknownName, "ssh: Could not resolve hostname server: Name or service not known", "spelling")]
    [InlineData("connect to host server port 2222: No route to host", FailureKind.Unreachable, "ssh: connect to host server port 2222: No route to host", "VPN")]
    [InlineData("Connection closed by server port 2222", FailureKind.NetworkLost, "Connection closed by server port 2222", "SSH server")]
    public void A_server_that_cannot_be_reached_is_told_as_ssh_tells_it(string said, FailureKind kind, string text, string hint)
    {
        var message = LinkMessages.Unreachable(Config, new Failure(kind, said));
        Assert.Equal(text, message.Text);
        Assert.Contains(hint, message.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message.Hint!);
    }

    /// <summary>What ssh can't be told is refused, not left out.</summary>
    [Theory]
    [InlineData("PasswordFile /f", "engine openssh takes no password")]
    [InlineData("PasswordProgram /p", "engine openssh takes no password")]
    [InlineData("PasswordCredential c", "engine openssh takes no password")]
    [InlineData("Identification /i", "engine openssh doesn't read SSH Tectia's lists of keys")]
    [InlineData("HostKeyFolders /k", "engine openssh doesn't read SSH Tectia's folders of host keys")]
    [InlineData("HostKeyFolders none", null)]
    [InlineData("Grace 1", null)]
    public void The_OpenSSH_engine_takes_what_it_can_hand_on(string setting, string? problem)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("there the engine isn't offered at all");
        var builder = new ConfigBuilder(new FakeMachine().Machine);
        builder.SetLine("CulvertEngine openssh");
        builder.SetLine("Culvert" + setting);
        var messages = NotOffered.Of(ResolvedConfig.Read(builder, HostSpec.Parse("host"), ConfigSource.None).ForUse()).ToList();
        Assert.Equal(problem is null ? 0 : 1, messages.Count);
        if (problem is not null)
            Assert.StartsWith(problem, Assert.Single(messages, message => message.Weight == MessageWeight.Error).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_login_that_nobody_could_answer_names_the_option_that_answers_it()
    {
        var message = LinkMessages.PermissionDenied("me@server: Permission denied (password).", canAsk: false);
        Assert.Equal("me@server: Permission denied (password).", message.Text);
        Assert.Contains("--password-file", message.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp/1234:localhost:21", TunnelKind.Local, "127.0.0.1:1234,::1:1234", "ready: ftp localhost 1234   (→ server → localhost:21)")]
    [InlineData("1234:[2001:db8::1]:80", TunnelKind.Local, "127.0.0.1:1234", "ready: tcp 127.0.0.1 1234   (→ server → [2001:db8::1]:80)")]
    [InlineData("192.0.2.1:1234:localhost:21", TunnelKind.Local, "192.0.2.1:1234", "ready: tcp 192.0.2.1 1234   (→ server → localhost:21)")]
    [InlineData("ftp/2121:localhost:21", TunnelKind.Remote, "localhost:2121", "ready: ftp localhost 2121   on server   (→ this machine → localhost:21)")]
    [InlineData("socks/1080", TunnelKind.Local, "127.0.0.1:1080,::1:1080", "ready: socks localhost 1080   (→ server → where each client wants to go)")]
    [InlineData("1080", TunnelKind.Remote, "localhost:1080", "ready: socks localhost 1080   on server   (→ this machine → where each client wants to go)")]
    public void The_ready_line_can_be_typed(string spec, TunnelKind kind, string listening, string line)
    {
        var endpoints = listening.Split(',').Select(text => new Endpoint(text[..text.LastIndexOf(':')], int.Parse(text[(text.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(line, new OpenTunnel(new TunnelConfig(TunnelSpec.Parse(kind, spec)), "server", [.. endpoints]).ReadyLine);
    }

    [Theory]
    [InlineData("ftp/1234:localhost:21", TunnelKind.Local, "127.0.0.1", 0, "")]
    [InlineData("ftp/1234:127.0.0.1:21", TunnelKind.Local, "::1", 0, "")]
    [InlineData("ftp/1234:server:21", TunnelKind.Local, "127.0.0.1", 0, "")]
    [InlineData("ftp/1234:files:21", TunnelKind.Local, "127.0.0.1", 1, "note: from server on to files the connection is not encrypted")]
    [InlineData("ftp/*:1234:localhost:21", TunnelKind.Local, "*", 1, "note: clients on other machines reach port 1234 of this machine unencrypted")]
    [InlineData("ftp/1234:files:21", TunnelKind.Remote, "localhost", 1, "note: from this machine on to files the connection is not encrypted")]
    [InlineData("ftp/*:1234:localhost:21", TunnelKind.Remote, "", 1, "note: clients on other machines reach port 1234 of server unencrypted")]
    [InlineData("socks/1234", TunnelKind.Local, "127.0.0.1", 1, "note: from server on connections are encrypted only where they encrypt themselves")]
    public void Legs_in_the_clear_are_named(string spec, TunnelKind kind, string listening, int count, string first)
    {
        var legs = new OpenTunnel(new TunnelConfig(TunnelSpec.Parse(kind, spec)), "server", [new Endpoint(listening, 1234)]).ClearLegs().ToList();
        Assert.Equal(count, legs.Count);
        Assert.Equal(first, legs.FirstOrDefault() ?? "");
    }

    [Fact]
    public void FTP_clients_hear_the_cause_and_what_to_look_at()
    {
        var spec = TunnelSpec.Parse(TunnelKind.Local, "ftp/1234:files:21");
        Assert.Equal(
            "connect failed: Connection refused: is an FTP server running at files:21, as seen from server?",
            LinkMessages.ForFtpClients("server", spec, new Failure(FailureKind.Refused, "connect failed: Connection refused")));
        Assert.Contains("AllowTcpForwarding", LinkMessages.ForFtpClients("server", spec, new Failure(FailureKind.Prohibited, "administratively prohibited")), StringComparison.Ordinal);
        Assert.Equal("there is no SSH connection to server: x", LinkMessages.ForFtpClients("server", spec, new Failure(FailureKind.NetworkLost, "x")));
    }
}
