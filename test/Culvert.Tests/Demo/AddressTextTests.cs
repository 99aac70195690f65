using Culvert.Demo.Dialogue;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Demo;

public sealed class AddressTextTests
{
    [Theory]
    [InlineData("127,0,0,1,4,1", "127.0.0.1", 1025)]
    [InlineData("10,1,2,255,255,255", "10.1.2.255", 65535)]
    public void Six_numbers_are_an_address(string text, string host, int port)
    {
        Assert.True(AddressText.TryParseSix(text, out var endpoint));
        Assert.Equal(new Endpoint(host, port), endpoint);
        Assert.Equal(text, AddressText.Six(endpoint));
    }

    [Theory]
    [InlineData("")]
    [InlineData("127,0,0,1,4")]
    [InlineData("127,0,0,1,4,1,1")]
    [InlineData("127,0,0,256,4,1")]
    [InlineData("127,0,0,-1,4,1")]
    [InlineData("127,0,0,+1,4,1")]
    [InlineData("127,0,0, 1,4,1")]
    [InlineData("127,0,0,0x1,4,1")]
    [InlineData("localhost,4,1")]
    public void Anything_else_is_none(string text) => Assert.False(AddressText.TryParseSix(text, out _));

    [Theory]
    [InlineData("|1|127.0.0.1|1025|", "127.0.0.1", 1025)]
    [InlineData("|2|::1|65535|", "::1", 65535)]
    [InlineData("!2!::1!5000!", "::1", 5000)]
    [InlineData("|2|::ffff:127.0.0.1|5000|", "127.0.0.1", 5000)]
    public void An_extended_address_is_read(string text, string host, int port)
    {
        Assert.True(AddressText.TryParseExtended(text, out var endpoint, out bool known));
        Assert.True(known);
        Assert.Equal(new Endpoint(host, port), endpoint);
    }

    [Theory]
    [InlineData("|1|127.0.0.1|1025", true)]
    [InlineData("|1|127.0.0.1|65536|", true)]
    [InlineData("|1|127.1|1025|", true)]
    [InlineData("|1|::1|1025|", true)]
    [InlineData("|2|127.0.0.1|1025|", true)]
    [InlineData("|2|fe80::1%lo|1025|", true)]
    [InlineData("|1|localhost|1025|", true)]
    [InlineData("|1|127.0.0.1|1025||", true)]
    [InlineData("11127.0.0.111025 1", true)]
    [InlineData("|3|127.0.0.1|1025|", false)]
    public void A_wrong_one_is_refused(string text, bool family)
    {
        Assert.False(AddressText.TryParseExtended(text, out _, out bool known));
        Assert.Equal(family, known);
    }

    [Fact]
    public void What_the_server_writes_the_client_reads()
    {
        Assert.True(AddressText.TryParsePassive("227 Entering Passive Mode (127,0,0,1,200,10).", out var endpoint));
        Assert.Equal(new Endpoint("127.0.0.1", (200 << 8) + 10), endpoint);
        Assert.True(AddressText.TryParseExtendedPassive("229 Entering Extended Passive Mode (|||51210|)", out int port));
        Assert.Equal(51210, port);
        Assert.False(AddressText.TryParseExtendedPassive("229 Entering Extended Passive Mode (|||0|)", out _));
        Assert.False(AddressText.TryParsePassive("227 no address", out _));
    }
}
