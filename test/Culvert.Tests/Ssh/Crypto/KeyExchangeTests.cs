using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;
using Org.BouncyCastle.Math;
using Xunit;

namespace Culvert.Tests.Ssh.Crypto;

public sealed class KeyExchangeTests
{
    public static TheoryData<string> Methods => [.. Algorithms.Of(AlgorithmKind.KeyExchange)];

    /// <summary>Those whose public values have one length.</summary>
    public static TheoryData<string> FixedLengthMethods => [.. Algorithms.Of(AlgorithmKind.KeyExchange).Where(name => !name.StartsWith("diffie-hellman", StringComparison.Ordinal))];

    public static TheoryData<string> DiffieHellmanMethods => [.. Algorithms.Of(AlgorithmKind.KeyExchange).Where(name => name.StartsWith("diffie-hellman", StringComparison.Ordinal))];

    /// <summary>A client's run and a server's, past the parameters where there are any.</summary>
    private static (KeyExchange Client, KeyExchange Server) Pair(string name)
    {
        var (client, server) = (KeyExchange.Create(name), KeyExchange.Create(name));
        if (client.AwaitsParameters)
            client.TakeParameters(server.AnswerRequest(client.Request()));
        Assert.False(client.AwaitsParameters || server.AwaitsParameters);
        Assert.Equal(server.Parameters, client.Parameters);
        return (client, server);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Both_sides_know_the_same_secret(string name)
    {
        var (client, server) = Pair(name);
        using (client)
        using (server)
        {
            var (serverPublic, serverSecret) = server.Answer(client.Begin());
            Assert.Equal(serverSecret, client.Complete(serverPublic));
        }
    }

    [Theory, MemberData(nameof(FixedLengthMethods))]
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

    /// <summary>RFC 4253 §8: values outside 1 … p − 1 would make the secret known; RFC 4251 §5: there is one way to write a number.</summary>
    [Theory, MemberData(nameof(DiffieHellmanMethods))]
    public void Diffie_Hellman_takes_only_public_values_of_the_group(string name)
    {
        var (client, server) = Pair(name);
        using (client)
        using (server)
        {
            var mine = client.Begin();
            var group = name.Contains("group14", StringComparison.Ordinal) ? DiffieHellmanGroup.Group14
                : name.Contains("group18", StringComparison.Ordinal) ? DiffieHellmanGroup.Group18 : DiffieHellmanGroup.Group16;
            var one = BigInteger.One;
            byte[][] refused =
            [
                [], [0], [1], [2], [0x80], [0, .. mine], group.Prime.ToByteArray(), group.Prime.Subtract(one).ToByteArray(), group.Prime.Add(one).ToByteArray(),
                one.ShiftLeft(group.Prime.BitLength - 2).ToByteArray(),
            ];
            foreach (var value in refused)
            {
                Assert.Throws<SshProtocolException>(() => server.Answer(value));
                Assert.Throws<SshProtocolException>(() => client.Complete(value));
            }
            server.Answer(mine);
        }
    }

    [Theory]
    [InlineData(1024, 2048, 8192, 2048)]
    [InlineData(2048, 3072, 8192, 4096)]
    [InlineData(2048, 8192, 8192, 8192)]
    [InlineData(2048, 3072, 3072, 2048)]
    [InlineData(2048, 9000, 10000, 8192)]
    public void A_server_gives_the_smallest_group_that_is_large_enough(uint minimum, uint preferred, uint maximum, int bits)
    {
        using var server = KeyExchange.Create("diffie-hellman-group-exchange-sha256");
        var answer = server.AnswerRequest(Request(minimum, preferred, maximum));
        var reader = new SshReader(answer.AsSpan(1), "group");
        Assert.Equal(bits, reader.MpInt("p").Length * 8);
    }

    [Theory]
    [InlineData(1024, 1024, 1024)]
    [InlineData(8193, 9000, 10000)]
    [InlineData(4096, 2048, 8192)]
    [InlineData(2048, 4096, 3072)]
    [InlineData(3000, 3072, 4000)]
    public void A_server_gives_no_group_that_was_not_asked_for(uint minimum, uint preferred, uint maximum)
    {
        using var server = KeyExchange.Create("diffie-hellman-group-exchange-sha256");
        Assert.Throws<SshProtocolException>(() => server.AnswerRequest(Request(minimum, preferred, maximum)));
    }

    [Fact]
    public void A_client_takes_no_group_that_is_too_small_too_large_or_trivial()
    {
        var prime = DiffieHellmanGroup.Group14.Prime;
        var one = BigInteger.One;
        var two = one.Add(one);
        var small = Org.BouncyCastle.Crypto.Agreement.DHStandardGroups.rfc3526_1536.P;
        (BigInteger P, BigInteger G)[] refused =
        [
            (small, two), (prime.ShiftLeft(7000).Add(one), two), (prime.Subtract(one), two), (prime, one), (prime, prime), (prime, prime.Subtract(one)),
        ];
        foreach (var (p, g) in refused)
        {
            using var client = KeyExchange.Create("diffie-hellman-group-exchange-sha256");
            client.Request();
            Assert.Throws<SshProtocolException>(() => client.TakeParameters(Group(p, g)));
            Assert.True(client.AwaitsParameters);
        }
        using var satisfied = KeyExchange.Create("diffie-hellman-group-exchange-sha256");
        satisfied.Request();
        satisfied.TakeParameters(Group(prime, two));
        Assert.False(satisfied.AwaitsParameters);
    }

    [Theory]
    [InlineData("mlkem768x25519-sha256")]
    [InlineData("sntrup761x25519-sha512")]
    public void A_forged_ciphertext_and_a_point_of_small_order_give_the_attacker_nothing(string name)
    {
        using var client = KeyExchange.Create(name);
        using var server = KeyExchange.Create(name);
        var mine = client.Begin();
        var (answer, secret) = server.Answer(mine);
        var forged = answer.ToArray();
        forged[0] ^= 1;
        Assert.NotEqual(secret, client.Complete(forged));
        answer.AsSpan(answer.Length - 32).Clear();
        Assert.Throws<SshProtocolException>(() => client.Complete(answer));
        mine.AsSpan(mine.Length - 32).Clear();
        Assert.Throws<SshProtocolException>(() => server.Answer(mine));
    }

    [Fact]
    public void A_public_key_that_is_not_reduced_is_refused()
    {
        using var client = KeyExchange.Create("mlkem768x25519-sha256");
        using var server = KeyExchange.Create("mlkem768x25519-sha256");
        var mine = client.Begin();
        mine.AsSpan(0, 3).Fill(0xff); // coefficients of 4095, and the modulus is 3329 (FIPS 203 §7.2)
        Assert.Throws<SshProtocolException>(() => server.Answer(mine));
    }

    private static byte[] Request(uint minimum, uint preferred, uint maximum) =>
        new SshWriter().Byte(MessageNumber.KexGexRequest).UInt32(minimum).UInt32(preferred).UInt32(maximum).ToArray();

    private static byte[] Group(BigInteger prime, BigInteger generator) =>
        new SshWriter().Byte(MessageNumber.KexGexGroup).String(prime.ToByteArray()).String(generator.ToByteArray()).ToArray();
}
