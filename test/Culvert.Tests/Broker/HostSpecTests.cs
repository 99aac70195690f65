using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class HostSpecTests
{
    [Theory]
    [InlineData("server", null, "server", null)]
    [InlineData("me@server", "me", "server", null)]
    [InlineData("me@server#2222", "me", "server", 2222)]
    [InlineData("server#22", null, "server", 22)]
    [InlineData("me@corp@server", "me@corp", "server", null)]
    [InlineData("CORP\\me@server", "CORP\\me", "server", null)]
    [InlineData("::1", null, "::1", null)]
    [InlineData("[::1]", null, "::1", null)]
    [InlineData("me@[fe80::1%eth0]#2222", "me", "fe80::1%eth0", 2222)]
    [InlineData("ssh://server", null, "server", null)]
    [InlineData("ssh://me@server:2222", "me", "server", 2222)]
    [InlineData("ssh://me@server:2222/", "me", "server", 2222)]
    [InlineData("ssh://a%40b@[::1]:22", "a@b", "::1", 22)]
    [InlineData("SSH://server:1", null, "server", 1)]
    public void A_destination_is_read_and_its_canonical_form_reads_back_the_same(string text, string? user, string host, int? port)
    {
        var spec = HostSpec.Parse(text);
        Assert.Equal(new HostSpec(user, host, port), spec);
        Assert.Equal(spec, HostSpec.Parse(spec.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("@server")]
    [InlineData("me@")]
    [InlineData("-oProxyCommand=x")]
    [InlineData("-x@server")]
    [InlineData("`id`@server")]
    [InlineData("a;b@server")]
    [InlineData("me\\@server")]
    [InlineData("a b@server")]
    [InlineData("server;id")]
    [InlineData("$(id)")]
    [InlineData("server\n")]
    [InlineData("server#0")]
    [InlineData("server#65536")]
    [InlineData("server#")]
    [InlineData("server:22")]
    [InlineData("[::1")]
    [InlineData("[::1]22")]
    [InlineData("ssh://server#22")]
    [InlineData("ssh://")]
    [InlineData("ssh://me%0a@server")]
    public void What_a_shell_could_misread_or_nobody_can_mean_is_refused_with_a_hint(string text)
    {
        var e = Assert.Throws<ConfigException>(() => HostSpec.Parse(text));
        Assert.False(string.IsNullOrEmpty(e.Hint));
    }
}
