using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class TunnelSpecTests
{
    [Theory]
    [InlineData("1234:localhost:21", TunnelType.Tcp, null, 1234, "localhost", 21, "1234:localhost:21")]
    [InlineData("ftp/1234:localhost:21", TunnelType.Ftp, null, 1234, "localhost", 21, "ftp/1234:localhost:21")]
    [InlineData("tcp/1234:localhost:21", TunnelType.Tcp, null, 1234, "localhost", 21, "1234:localhost:21")]
    [InlineData("FTP/1234:localhost:21", TunnelType.Ftp, null, 1234, "localhost", 21, "ftp/1234:localhost:21")]
    [InlineData("0:localhost:21", TunnelType.Tcp, null, 0, "localhost", 21, "0:localhost:21")]
    [InlineData("ftp/:1234:localhost:21", TunnelType.Ftp, "*", 1234, "localhost", 21, "ftp/*:1234:localhost:21")]
    [InlineData("*:1234:h:21", TunnelType.Tcp, "*", 1234, "h", 21, "*:1234:h:21")]
    [InlineData("127.0.0.1:1234:h:21", TunnelType.Tcp, "127.0.0.1", 1234, "h", 21, "127.0.0.1:1234:h:21")]
    [InlineData("[::1]:1234:[fe80::1%eth0]:65535", TunnelType.Tcp, "::1", 1234, "fe80::1%eth0", 65535, "[::1]:1234:[fe80::1%eth0]:65535")]
    [InlineData("ftp/[::1]:65535:[2001:db8::1]:1", TunnelType.Ftp, "::1", 65535, "2001:db8::1", 1, "ftp/[::1]:65535:[2001:db8::1]:1")]
    [InlineData("[localhost]:1:h_1:2", TunnelType.Tcp, "localhost", 1, "h_1", 2, "localhost:1:h_1:2")]
    public void A_forward_is_read_and_its_canonical_form_reads_back_the_same(
        string text, TunnelType type, string? listenHost, int listenPort, string host, int port, string canonical)
    {
        foreach (var kind in Enum.GetValues<TunnelKind>())
        {
            var spec = TunnelSpec.Parse(kind, text);
            Assert.Equal(new TunnelSpec(kind, type, listenHost, listenPort, host, port), spec);
            Assert.Equal(canonical, spec.ToString());
            Assert.Equal(spec, TunnelSpec.Parse(kind, canonical));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("1234:localhost")]
    [InlineData("tcp/1234")]
    [InlineData("ftp/1234")]
    [InlineData("1234:localhost:")]
    [InlineData("1234:localhost:0")]
    [InlineData("1234:localhost:65536")]
    [InlineData("65536:localhost:21")]
    [InlineData("-1:localhost:21")]
    [InlineData("+1:localhost:21")]
    [InlineData(" 1:localhost:21")]
    [InlineData("1:localhost:21 ")]
    [InlineData("1::21")]
    [InlineData("1:-oProxyCommand=x:21")]
    [InlineData("1:$(id):21")]
    [InlineData("1:a;b:21")]
    [InlineData("a b:1:h:21")]
    [InlineData("[::1:1:h:21")]
    [InlineData("[]:1:h:21")]
    [InlineData("[::1]1:h:21")]
    [InlineData("::1:1:h:21")]
    [InlineData("a:1:h:21:x")]
    [InlineData("socks/")]
    [InlineData("socks/x")]
    [InlineData("socks/a:1:b")]
    [InlineData("socks/1080:h:21")]
    [InlineData("socks/$(id):1080")]
    [InlineData("/tmp/socket:h:21")]
    [InlineData("ftp/")]
    [InlineData("ftp/ftp/1:h:2")]
    public void What_cannot_be_a_forward_is_refused_in_the_words_of_OpenSSH_with_a_hint(string text)
    {
        var local = Assert.Throws<ConfigException>(() => TunnelSpec.Parse(TunnelKind.Local, text));
        Assert.Equal($"Bad local forwarding specification '{text}'", local.Message);
        Assert.False(string.IsNullOrEmpty(local.Hint));
        var remote = Assert.Throws<ConfigException>(() => TunnelSpec.Parse(TunnelKind.Remote, text));
        Assert.Equal($"Bad remote forwarding specification '{text}'", remote.Message);
    }

    [Theory]
    [InlineData("1080", null, 1080, "socks/1080")]
    [InlineData("0", null, 0, "socks/0")]
    [InlineData("*:1080", "*", 1080, "socks/*:1080")]
    [InlineData(":1080", "*", 1080, "socks/*:1080")]
    [InlineData("[::1]:1080", "::1", 1080, "socks/[::1]:1080")]
    [InlineData("localhost:65535", "localhost", 65535, "socks/localhost:65535")]
    public void A_SOCKS_port_has_a_letter_a_word_and_on_the_servers_side_neither(string text, string? host, int port, string canonical)
    {
        var here = TunnelSpec.Socks(TunnelKind.Local, host, port);
        Assert.Equal(here, TunnelSpec.ParseDynamic(text));
        Assert.Equal(here, TunnelSpec.Parse(TunnelKind.Local, "socks/" + text));
        Assert.Equal(here, TunnelSpec.Parse(TunnelKind.Local, "SOCKS/" + text));
        Assert.Equal(canonical, here.ToString());
        Assert.Equal(here, TunnelSpec.Parse(TunnelKind.Local, canonical));
        var there = TunnelSpec.Socks(TunnelKind.Remote, host, port);
        Assert.Equal(there, TunnelSpec.Parse(TunnelKind.Remote, text));
        Assert.Equal(there, TunnelSpec.Parse(TunnelKind.Remote, "socks/" + text));
        Assert.Equal("Bad local forwarding specification '" + text + "'", Assert.Throws<ConfigException>(() => TunnelSpec.Parse(TunnelKind.Local, text)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("65536")]
    [InlineData("1:2:3")]
    [InlineData("a b:1")]
    [InlineData("/run/socket")]
    [InlineData("socks/1080")]
    public void What_cannot_be_a_SOCKS_port_is_refused_with_a_hint(string text)
    {
        var e = Assert.Throws<ConfigException>(() => TunnelSpec.ParseDynamic(text));
        Assert.Equal($"Bad dynamic forwarding specification '{text}'", e.Message);
        Assert.False(string.IsNullOrEmpty(e.Hint));
    }
}
