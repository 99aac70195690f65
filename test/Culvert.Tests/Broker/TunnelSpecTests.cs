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
    [InlineData("1234")]
    [InlineData("1234:localhost")]
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
    [InlineData("socks/1080")]
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

    [Fact]
    public void A_remote_socks_proxy_is_named_as_what_it_is()
    {
        var e = Assert.Throws<ConfigException>(() => TunnelSpec.Parse(TunnelKind.Remote, "1080"));
        Assert.Contains("SOCKS", e.Hint, StringComparison.Ordinal);
    }
}
