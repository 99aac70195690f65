using Culvert.Broker.Config;
using Culvert.Ftp;
using Culvert.Ssh.Trust;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class ConfigBuilderTests
{
    private static ConnectionConfig Built(params (string Keyword, string Value)[] settings)
    {
        var builder = new ConfigBuilder();
        builder.Add(TunnelSpec.Parse(TunnelKind.Local, "ftp/1234:localhost:21"));
        foreach (var (keyword, value) in settings)
            builder.Set(keyword, value);
        return builder.Build(new HostSpec(null, "server", null));
    }

    [Fact]
    public void Defaults_are_those_of_the_rules()
    {
        var config = Built();
        Assert.Equal(22, config.Port);
        Assert.Equal(TimeSpan.FromSeconds(15), config.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(15), config.ServerAliveInterval);
        Assert.Equal(3, config.ServerAliveCountMax);
        Assert.Equal(HostKeyChecking.Ask, config.HostKeyChecking);
        Assert.True(config.ExitOnForwardFailure);
        Assert.Equal(ActiveMode.Convert, config.Tunnels[0].Ftp.Active);
        Assert.False(config.Tunnels[0].OpenToOthers);
    }

    [Fact]
    public void The_first_value_wins_and_lists_add_up()
    {
        var config = Built(("Port", "22"), ("port", "23"), ("IdentityFile", "a"), ("IDENTITYFILE", "b"), ("CulvertActive", "forward"), ("CulvertActive", "convert"));
        Assert.Equal(22, config.Port);
        Assert.Equal(["a", "b"], config.IdentityFiles);
        Assert.Equal(ActiveMode.Forward, config.Tunnels[0].Ftp.Active);
    }

    [Fact]
    public void A_mistake_in_a_value_that_would_not_win_is_still_a_mistake() =>
        Assert.Throws<ConfigException>(() => Built(("Port", "22"), ("Port", "x")));

    [Fact]
    public void What_is_said_of_tunnels_holds_for_those_said_before_and_after()
    {
        var config = Built(("CulvertPassivePorts", "50000-50010"), ("RemoteForward", "2121 localhost:21"), ("GatewayPorts", "yes"));
        Assert.Equal(2, config.Tunnels.Count);
        Assert.All(config.Tunnels, tunnel => Assert.Equal(new PortRange(50000, 50010), tunnel.Ftp.PassivePorts));
        Assert.All(config.Tunnels, tunnel => Assert.True(tunnel.OpenToOthers));
        Assert.Equal("2121:localhost:21", config.Tunnels[1].Spec.ToString());
    }

    [Fact]
    public void ClearAllForwardings_clears_them_all() => Assert.Empty(Built(("ClearAllForwardings", "yes"), ("LocalForward", "1:a:2")).Tunnels);

    [Theory]
    [InlineData("15", 15)]
    [InlineData("90s", 90)]
    [InlineData("1m30s", 90)]
    [InlineData("1m30", 90)]
    [InlineData("2H", 7200)]
    [InlineData("1w1d", 691200)]
    [InlineData("0", 0)]
    [InlineData("none", 0)]
    public void Times_are_read_as_OpenSSH_reads_them(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Built(("ConnectTimeout", text)).ConnectTimeout);

    [Theory]
    [InlineData("1G", 1L << 30, null)]
    [InlineData("512m 1h", 512L << 20, 3600)]
    [InlineData("default none", null, null)]
    [InlineData("4096", 4096L, null)]
    public void Rekey_limits_are_bytes_and_a_time(string text, long? bytes, int? seconds)
    {
        var config = Built(("RekeyLimit", text));
        Assert.Equal(bytes, config.RekeyBytes);
        Assert.Equal(seconds, config.RekeyTime is { } time ? (int)time.TotalSeconds : null);
    }

    [Theory]
    [InlineData("BatchMode", "maybe")]
    [InlineData("StrictHostKeyChecking", "sometimes")]
    [InlineData("ConnectTimeout", "soon")]
    [InlineData("ConnectTimeout", "-1")]
    [InlineData("ConnectTimeout", "99999999999999999999")]
    [InlineData("ServerAliveCountMax", "x")]
    [InlineData("NumberOfPasswordPrompts", "0")]
    [InlineData("RekeyLimit", "1 2 3")]
    [InlineData("RekeyLimit", "99999999999G")]
    [InlineData("PreferredAuthentications", "a,,b")]
    [InlineData("UserKnownHostsFile", "\"open")]
    [InlineData("CulvertPassivePorts", "2-1")]
    [InlineData("CulvertPassivePorts", "0-5")]
    [InlineData("CulvertAdvertise", "example.org")]
    [InlineData("CulvertDataAddress", "anywhere")]
    [InlineData("CulvertDataHosts", "example.org")]
    [InlineData("CulvertDataHosts", "10.0.0.0/33")]
    [InlineData("CulvertDataHosts", "10.0.0.1,,10.0.0.2")]
    [InlineData("CulvertDataHosts", "::1")] // a 227 can't say it
    [InlineData("CulvertFtpHost", "a b")]
    [InlineData("User", "-x")]
    [InlineData("HostName", "a b")]
    [InlineData("HostName", "")]
    [InlineData("ProxyJump", "a")]
    [InlineData("Foo", "bar")]
    public void What_cannot_be_meant_is_refused_with_a_hint(string keyword, string value)
    {
        var e = Assert.Throws<ConfigException>(() => Built((keyword, value)));
        Assert.False(string.IsNullOrEmpty(e.Hint));
    }

    [Fact]
    public void Keywords_of_OpenSSH_without_a_meaning_here_are_silent()
    {
        var config = Built(("VisualHostKey", "yes"), ("ControlMaster", "auto"), ("ProxyJump", "none"));
        Assert.Equal("server", config.Host);
    }

    [Fact]
    public void Files_keep_quoted_blanks_together() =>
        Assert.Equal(["~/a b", "/c"], Built(("UserKnownHostsFile", "\"~/a b\" /c")).UserKnownHostsFiles!);

    [Fact]
    public void Settings_win_over_what_stands_beside_the_host()
    {
        var builder = new ConfigBuilder();
        builder.Set("User", "one");
        var config = builder.Build(new HostSpec("two", "server", 2222));
        Assert.Equal("one", config.User);
        Assert.Equal(2222, config.Port);
    }
}
