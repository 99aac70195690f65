using Culvert.Broker.Config;
using Culvert.Ssh.Trust;
using Xunit;

namespace Culvert.Tests.OpenSsh;

public sealed class OpenSshArgumentsTests
{
    private static readonly ConnectionConfig Plain = new() { Host = "alias", User = "me" };

    private static string[] Said(ConnectionConfig config)
    {
        var words = OpenSshArguments.Of(config);
        Assert.Equal(["-F", "none"], words.Take(2));
        Assert.Equal(["--", config.Host], words.TakeLast(2));
        return [.. words.Skip(2).SkipLast(2).Where(word => word != "-o")];
    }

    [Fact]
    public void Little_is_said_when_little_was_configured() =>
        Assert.Equal(["User=me", "Port=22", "ServerAliveCountMax=3", "ServerAliveInterval=15", "LogLevel=INFO", "ConnectTimeout=15"], Said(Plain));

    [Fact]
    public void What_was_configured_is_handed_on()
    {
        var said = Said(Plain with
        {
            HostName = "files.example.org", Port = 2222, BatchMode = true, Ciphers = "+aes128-cbc", HostKeyChecking = HostKeyChecking.AcceptNew,
            IdentityFiles = ["~/.ssh/a key", "~/.ssh/b"], UserKnownHostsFiles = ["/home/me/100%/known hosts", "/k2"], Verbosity = Verbosity.Debug1, ServerAliveInterval = TimeSpan.Zero,
        });
        Assert.Superset(
            new HashSet<string>
            {
                "HostName=files.example.org", "Port=2222", "BatchMode=yes", "Ciphers=+aes128-cbc", "StrictHostKeyChecking=accept-new", "IdentityFile=\"~/.ssh/a key\"", "IdentityFile=~/.ssh/b",
                "UserKnownHostsFile=\"/home/me/100%%/known hosts\" /k2", "LogLevel=DEBUG", "ServerAliveInterval=0",
            },
            said.ToHashSet());
    }

    [Fact]
    public void Forwards_sessions_and_sharing_are_not_handed_on() =>
        Assert.DoesNotContain(
            Said(Plain with { Tunnels = [new TunnelConfig(TunnelSpec.Parse(TunnelKind.Local, "1:a:2"))], ExitOnForwardFailure = false }),
            setting => setting.Contains("Forward", StringComparison.Ordinal) || setting.StartsWith("Control", StringComparison.Ordinal));

    [Fact]
    public void A_way_through_other_servers_is_a_command_whose_words_stay_whole()
    {
        var hop = Plain with { Host = "hop", IdentityFiles = ["it's 5%"] };
        var command = Assert.Single(Said(Plain with { Via = hop }), setting => setting.StartsWith("ProxyCommand=", StringComparison.Ordinal));
        Assert.StartsWith("ProxyCommand='ssh' '-F' 'none' '-o' ", command, StringComparison.Ordinal);
        Assert.Contains("'IdentityFile=\"it'\\''s 5%%\"'", command, StringComparison.Ordinal);
        Assert.EndsWith(" '-W' [%h]:%p -- 'hop'", command, StringComparison.Ordinal);
        Assert.Contains("ProxyCommand=nc %h %p", Said(Plain with { ProxyCommand = "nc %h %p" }));
    }
}
