using System.Security.Cryptography;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc7748;
using Xunit;
using BigInteger = System.Numerics.BigInteger;

namespace Culvert.Tests.Ssh.Crypto;

/// <summary>Answers of key exchanges that others have computed: what the library and the tables of numbers give, and how a hybrid puts its halves together.
/// sntrup761 and the curves of NIST have theirs from OpenSSH itself, in the tests with real peers.</summary>
public sealed class ExchangeAnswerTests
{
    /// <summary>Made by OpenSSL 3.5.9: <c>openssl genpkey -algorithm ML-KEM-768 -pkeyopt hexseed:000102…3f</c> and <c>openssl pkeyutl -encap</c>.</summary>
    private const string Ciphertext =
        "7dd3a18e4a7c3bbebc70345a9c5d8b35d8d60d91dcfd1ebf7fd75f209eb75be14aac5ee2352871a36d9db953f8a1afd088913787fb7230748a2a9c65282f6b4949393b970a1b"
        + "4a2a783ca159ab31d5faae193775bfdd94aa6f834ffe1801cca545ba98984119b43285939d1946f73ccc1f14fe158bb412a3b1f4feee5d62062628137d3f78166b56bb00e768"
        + "53d4025abe2134abc4d0b4f2e05fc4fd768b82cb9521d1ddd49a9add665d08cfe4e5ea03e9e3b087ecab3489a9cf2d4088dde35fc131a3fe7e8be4becb16d2a9e0691095efca"
        + "02d8e393dc02b85d155ba35a65c4b74554f48382c67bb8649453c2878917e0687e48489fe7372009f4b7e0ba362ded33e5a2c148c05d42b3e891f4c6ca45d7287806db8cde04"
        + "328802e4d74e0bb3052bf901237d0ac7203c9e916f57d5cab6e35cdda04b2fcba099576a0505d3786cbbe8d55933c550aa8d4fb771c3ba92fd2e937fbb3625fa61d535d4d155"
        + "58bfc38b88a03763257f51af85209f8f5e62b3873e5c61ff9b6640ce603768c629b0d77d71a0f3f41fd33ec106190a69e95f2ef96f1d8df60d2dfef4979ec2291e18e14b46b5"
        + "b62ad5b5e815c24d64aaaf7d31eec77c3d29d600cb6b77dbf0e4c7597410853423084e87e6d3cebeb97c7ee2f84815e2f5dad858bcd62fae9ef55b54b2964466b0a9d00f18bd"
        + "c9e8cecd945551b1d50780fd7432549db62585496fe21e72caf302dbcfccfcc5c3d51d2b1378ecc9e79dd9eec78a4ff0f9ad99daeed4c9cce1003e06bd7e2ba0496f071ad9cd"
        + "88ebc3bce79acdb8c4bca4cfc9b7def4ab28f7b82143372f71ed0fab281bb7cb8ab2b6f54ee4aafa64aee577a8fc3fdb9ae8118dc7f4c14e8299c8eebc8d7be4bec1bc96ae22"
        + "d72222244b3334def14aa486e07ec14f7b468e4a8feede4ed27616ebcedfb4b59d1c28317ae34d51ab6af31491a9e3525dbce8857bbbfeeb609ee7863ba32e1a1bdefb5bd9d9"
        + "22c7c5f8c846aa4cf1ab74a2e1782089531f130f647fef9666af9973b49c49892b1033046cb535954cd67235208b7b414e6727ebf1dc66f301f2a9d67c20080f2e1e2ae7a07a"
        + "c47801c6adbcc5871fb559b604e452af35c1c5813b745b5d21360eaa015e34631d47a898b1c72cfa8126c3d1abcd938966cbd7e5ed8d5686efc59535aca5a67c40a42b834292"
        + "f32b715921e88064deb3dea85d6404ef23fb362e37b7180b09c2b2922d6b420ff7d54ed763081013cd60ed3fda4b5057f1a4d10c3ab7aec82d1cd5f723f051efc8ef0bcb798c"
        + "f604006383dcbf9ebfa2cfff6d4d85dfafc81883b59ded1a0a6d24d42219eef0960049cb301986949752d3891cca14b7418437d07a15813ebaf561e0911a38dca49ad1765d64"
        + "a46a2bc2f9c658513ae4a5b70642bc0280b6bd220259ad15f4b6a29ec669a5a11a89d36af94b5190570ee74ad81d850461efe0452d595d8702f2394ba60897bac57c5ac42c39"
        + "92092f23b0693a1de8687691f0bcb8ecaf5e93d49b8968e1802221b5c31d8136dc997bf026e2";

    [Fact]
    public void ML_KEM_768_opens_what_OpenSSL_has_sealed()
    {
        var seed = Enumerable.Range(0, 64).Select(value => (byte)value).ToArray();
        var key = MLKemPrivateKeyParameters.FromSeed(MLKemParameters.ml_kem_768, seed);
        Assert.Equal("0b7934c83125c788995e2ba6bd761e33046b3e40571be53e023309a29f398cc9", Convert.ToHexStringLower(SHA256.HashData(key.GetPublicKeyEncoded())));
        var decapsulator = new MLKemDecapsulator(MLKemParameters.ml_kem_768);
        decapsulator.Init(key);
        var secret = new byte[32];
        decapsulator.Decapsulate(Convert.FromHexString(Ciphertext), secret);
        Assert.Equal("af9ac900bb6b9c352c05721de6f70a6c25703a6f55a6ee8b0482049babf71fdc", Convert.ToHexStringLower(secret));

        // And what we seal for that key, it opens.
        using var ours = new MlKem768();
        var (ciphertext, sent) = ours.Encapsulate(key.GetPublicKeyEncoded());
        decapsulator.Decapsulate(ciphertext, secret);
        Assert.Equal(sent, secret);
    }

    /// <summary>RFC 7748 §6.1.</summary>
    [Fact]
    public void X25519_matches_the_RFC()
    {
        var alice = Convert.FromHexString("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        var bobPublic = Convert.FromHexString("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        var secret = new byte[32];
        Assert.True(X25519.CalculateAgreement(alice, bobPublic, secret));
        Assert.Equal("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", Convert.ToHexStringLower(secret));
    }

    /// <summary>RFC 3526: p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + c), which is how anybody can see that there is no trap in it.</summary>
    [Theory]
    [InlineData(2048, 124476)]
    [InlineData(3072, 1690314)]
    [InlineData(4096, 240904)]
    [InlineData(8192, 4743158)]
    public void Primes_are_those_of_the_RFC(int bits, int summand)
    {
        var group = bits switch
        {
            2048 => DiffieHellmanGroup.Group14,
            3072 => DiffieHellmanGroup.Group15,
            4096 => DiffieHellmanGroup.Group16,
            _ => DiffieHellmanGroup.Group18,
        };
        var expected = BigInteger.Pow(2, bits) - BigInteger.Pow(2, bits - 64) - 1 + BigInteger.Pow(2, 64) * (Pi(bits - 130) + summand);
        Assert.Equal(expected, new BigInteger(group.Prime.ToByteArrayUnsigned(), isUnsigned: true, isBigEndian: true));
        Assert.Equal(2, group.Generator.IntValue);
    }

    /// <summary>K = HASH(encapsulated || X25519) as a string, the encapsulated secret first, and the public values in the same order.</summary>
    [Fact]
    public void A_hybrid_hashes_both_secrets_in_the_order_of_the_draft()
    {
        using var server = new HybridExchange(new KnownKem(), HashAlgorithmName.SHA512);
        var mine = new byte[32];
        RandomNumberGenerator.Fill(mine);
        X25519.ClampPrivateKey(mine);
        var minePublic = new byte[32];
        X25519.GeneratePublicKey(mine, minePublic);
        var (answer, encoded) = server.Answer([.. KnownKem.PublicKey, .. minePublic]);
        Assert.Equal(KnownKem.Sealed, answer[..^32]);
        var classical = new byte[32];
        Assert.True(X25519.CalculateAgreement(mine, answer.AsSpan(answer.Length - 32), classical));
        var expected = new SshWriter().String(SHA512.HashData([.. KnownKem.Secret, .. classical])).ToArray();
        Assert.Equal(expected, encoded);
    }

    /// <summary>The first bits of pi after the point's 2 bits before it, by Machin's formula.</summary>
    private static BigInteger Pi(int bits)
    {
        const int Guard = 64;
        var one = BigInteger.One << (bits + Guard);
        return (4 * (4 * ArcCot(5, one) - ArcCot(239, one))) >> Guard;
    }

    private static BigInteger ArcCot(int of, BigInteger one)
    {
        BigInteger power = one / of, sum = power;
        for (var n = 3; !power.IsZero; n += 2)
        {
            power /= -of * of;
            sum += power / n;
        }
        return sum;
    }

    private sealed class KnownKem : Kem
    {
        public static readonly byte[] PublicKey = [1, 2, 3], Sealed = [4, 5], Secret = [.. Enumerable.Repeat((byte)6, 32)];

        public override int PublicKeyLength => PublicKey.Length;

        public override int CiphertextLength => Sealed.Length;

        public override byte[] GenerateKeyPair() => PublicKey;

        public override (byte[] Ciphertext, byte[] Secret) Encapsulate(ReadOnlySpan<byte> publicKey)
        {
            Assert.Equal(PublicKey, publicKey);
            return (Sealed, Secret.ToArray());
        }

        public override byte[] Decapsulate(ReadOnlySpan<byte> ciphertext) => Secret.ToArray();

        public override void Dispose()
        {
        }
    }
}
