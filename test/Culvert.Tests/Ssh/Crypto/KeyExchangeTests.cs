using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Xunit;

namespace Culvert.Tests.Ssh.Crypto;

public sealed class KeyExchangeTests
{
    public static TheoryData<string> Methods => [.. Algorithms.Of(AlgorithmKind.KeyExchange)];

    [Theory, MemberData(nameof(Methods))]
    public void Both_sides_know_the_same_secret(string name)
    {
        using var client = KeyExchange.Create(name);
        using var server = KeyExchange.Create(name);
        var (serverPublic, serverSecret) = server.Answer(client.Begin());
        Assert.Equal(serverSecret, client.Complete(serverPublic));
    }

    [Theory, MemberData(nameof(Methods))]
    public void A_public_value_of_the_wrong_length_is_refused(string name)
    {
        using var client = KeyExchange.Create(name);
        using var server = KeyExchange.Create(name);
        var mine = client.Begin();
        Assert.Throws<SshProtocolException>(() => server.Answer(mine.AsSpan(1)));
        Assert.Throws<SshProtocolException>(() => server.Answer([.. mine, 0]));
        Assert.Throws<SshProtocolException>(() => server.Answer([]));
    }

    /// <summary>RFC 7748 §6.1 and RFC 8731 §3: points of small order, which give an all-zero secret (zero, one, p, and one of order 8).</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void Curve25519_refuses_points_of_small_order(string point)
    {
        using var server = KeyExchange.Create("curve25519-sha256");
        Assert.Throws<SshProtocolException>(() => server.Answer(Convert.FromHexString(point)));
    }

    [Theory]
    [InlineData("ecdh-sha2-nistp256")]
    [InlineData("ecdh-sha2-nistp384")]
    [InlineData("ecdh-sha2-nistp521")]
    public void Points_off_the_curve_are_refused(string name)
    {
        using var client = KeyExchange.Create(name);
        using var server = KeyExchange.Create(name);
        var point = client.Begin();
        point[^1] ^= 1;
        Assert.Throws<SshProtocolException>(() => server.Answer(point));
        var infinity = new byte[point.Length];
        infinity[0] = 4;
        Assert.Throws<SshProtocolException>(() => server.Answer(infinity));
        point[^1] ^= 1;
        point[0] = 2;
        Assert.Throws<SshProtocolException>(() => server.Answer(point));
    }
}
