using System.Net;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Net;

public sealed class EndpointTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("localhost", null)]
    [InlineData("1", null)]
    [InlineData("0x7f.1", null)]
    [InlineData("", null)]
    public void Only_a_literal_is_an_address_and_mapped_IPv4_is_IPv4(string host, string? address) =>
        Assert.Equal(address, new Endpoint(host, 21).TryGetAddress(out var found) ? found.ToString() : null);

    [Theory]
    [InlineData("::1", "[::1]:21")]
    [InlineData("host", "host:21")]
    public void An_IPv6_literal_is_written_in_brackets(string host, string text) => Assert.Equal(text, new Endpoint(host, 21).ToString());

    [Fact]
    public void A_socket_end_in_IPv6_clothes_is_IPv4() =>
        Assert.Equal(new Endpoint("127.0.0.1", 5), Endpoint.From(new IPEndPoint(IPAddress.Parse("::ffff:127.0.0.1"), 5)));
}
