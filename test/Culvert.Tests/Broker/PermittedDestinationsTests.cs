using Culvert.Broker.Config;
using Culvert.Net;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class PermittedDestinationsTests
{
    [Theory]
    [InlineData("any", "a", 1, true)]
    [InlineData("none", "a", 1, false)]
    [InlineData("a:1 b:*", "A", 1, true)]
    [InlineData("a:1 b:*", "a", 2, false)]
    [InlineData("a:1 b:*", "b", 2, true)]
    [InlineData("a:1 b:*", "c", 1, false)]
    [InlineData("*:443", "anything", 443, true)]
    [InlineData("*:443", "anything", 80, false)]
    [InlineData("[::1]:1", "0:0:0:0:0:0:0:1", 1, true)]
    [InlineData("127.0.0.1:1", "::ffff:127.0.0.1", 1, true)]
    [InlineData("127.0.0.1:1", "localhost", 1, false)]
    public void Only_what_is_named_may_be_had(string words, string host, int port, bool may)
    {
        var permitted = PermittedDestinations.Read(words.Split(' '));
        Assert.Equal(may, permitted.Forbids(new Endpoint(host, port)) is null);
        Assert.Equal(words, permitted.ToString());
        Assert.Equal(permitted, PermittedDestinations.Read(words.Split(' ')));
    }

    [Theory]
    [InlineData("a", "bad port number in permitremoteopen")]
    [InlineData("a:b", "bad port number in permitremoteopen")]
    [InlineData("a:0", "bad port number in permitremoteopen")]
    [InlineData(":1", "missing host in permitremoteopen")]
    [InlineData("any a:1", "keyword permitremoteopen \"any\" argument must appear alone.")]
    public void A_mistake_is_told_in_the_words_of_OpenSSH(string words, string message) =>
        Assert.Equal(message, Assert.Throws<ConfigException>(() => PermittedDestinations.Read(words.Split(' '))).Message);
}
