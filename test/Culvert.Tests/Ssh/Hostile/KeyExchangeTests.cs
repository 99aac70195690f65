using System.Security.Cryptography;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Tests.Ssh.Hostile;

/// <summary>A server that does not hold the key that it shows, or picks numbers that give the secret away: no login is ever tried.</summary>
public sealed class KeyExchangeTests
{
    private const string WrongSignature = "the server's signature of the key exchange is wrong: it does not hold the host key it shows";

    [Fact]
    public async Task A_signature_with_one_wrong_bit()
    {
        for (var at = 0; at < 83; at += 9)
        {
            Assert.Equal(WrongSignature, await ExchangeAsync(new()
            {
                Signature = signature =>
                {
                    signature[at] ^= 1;
                    return signature;
                },
            }));
        }
    }

    [Fact]
    public async Task Somebody_elses_key_in_the_reply()
    {
        using var other = Signer.GenerateEd25519();
        Assert.Equal(WrongSignature, await ExchangeAsync(new() { ShownKey = other.PublicKey.Blob.ToArray() }));
    }

    /// <summary>A signature that the real server once made, for another connection.</summary>
    [Fact]
    public async Task A_signature_of_another_exchange() =>
        Assert.Equal(WrongSignature, await ExchangeAsync(new() { SignedHash = RandomNumberGenerator.GetBytes(32) }));

    [Fact]
    public async Task A_signature_by_another_name() =>
        Assert.Equal(WrongSignature, await ExchangeAsync(new() { Signature = signature => SignatureBlob.Write("ssh-ed448", signature.AsSpan(^64)) }));

    [Fact]
    public async Task No_signature() => Assert.Equal(WrongSignature, await ExchangeAsync(new() { Signature = _ => [] }));

    [Fact]
    public async Task A_key_of_another_type_than_agreed()
    {
        using var key = EcdsaSigner.Generate(NistCurve.All[0]);
        Assert.Equal("ssh-ed25519 was agreed upon, the server showed a host key of type ecdsa-sha2-nistp256", await ExchangeAsync(new() { Key = key }));
    }

    /// <summary>A short key that can be broken, under an algorithm that takes keys of any length.</summary>
    [Fact]
    public async Task A_weak_key()
    {
        using var weak = RSA.Create(1024);
        var numbers = weak.ExportParameters(false);
        var blob = new SshWriter().String("ssh-rsa").MpInt(numbers.Exponent).MpInt(numbers.Modulus).ToArray();
        Assert.Equal("public key: RSA keys of 1024 bits are too weak, 2048 are required", await ExchangeAsync(new() { HostKeyAlgorithm = "rsa-sha2-512", ShownKey = blob }));
    }

    [Fact]
    public async Task A_key_of_great_length() =>
        Assert.Equal("public key: 100000 bytes are too many", await ExchangeAsync(new() { ShownKey = new byte[100_000] }, 110_000));

    [Theory]
    [InlineData(0, "a public value for Curve25519 has 32 bytes, this one has 0")]
    [InlineData(31, "a public value for Curve25519 has 32 bytes, this one has 31")]
    [InlineData(33, "a public value for Curve25519 has 32 bytes, this one has 33")]
    [InlineData(32, "the public value for Curve25519 is of small order")]
    public async Task A_public_value_that_gives_the_secret_away(int length, string expected) =>
        Assert.Equal("key exchange: " + expected, await ExchangeAsync(new() { Public = new byte[length] }));

    [Fact]
    public async Task Bytes_behind_the_reply() =>
        Assert.Equal("KEX_ECDH_REPLY: 3 bytes after its end", await ExchangeAsync(new() { Trailing = [1, 2, 3] }));

    [Fact]
    public async Task Two_replies()
    {
        await using var server = await HostileServer.StartAsync();
        await server.ExchangeVersionsAsync();
        await server.ExchangeKeysAsync(new() { IsFatal = true });
        await server.SendAsync([MessageNumber.KexEcdhReply]);
        Assert.Equal("message 31 after the end of the key exchange", (await server.EndAsync(4000)).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NEWKEYS_before_the_reply_or_with_content(bool replied)
    {
        await using var server = await HostileServer.StartAsync();
        await server.ExchangeVersionsAsync();
        if (replied)
            await server.ExchangeKeysAsync(new() { IsFatal = true });
        else
            await server.ExchangeKexInitAsync(new());
        await server.SendAsync(replied ? [MessageNumber.NewKeys, 0] : [MessageNumber.NewKeys]);
        Assert.Equal("NEWKEYS out of place", (await server.EndAsync(4000)).Message);
    }

    private static async Task<string> ExchangeAsync(HostileServer.Lies lies, long maximumSent = 4000)
    {
        var asked = false;
        await using var server = await HostileServer.StartAsync(options => options with
        {
            HostKeyPolicy = (_, _) =>
            {
                asked = true;
                return ValueTask.CompletedTask;
            },
        });
        await server.ExchangeVersionsAsync();
        await server.ExchangeKeysAsync(lies with { IsFatal = true });
        var failure = Assert.IsType<SshProtocolException>(await server.EndAsync(maximumSent));
        // A key that wasn't proved is shown to nobody: he might believe it.
        Assert.False(asked);
        return failure.Message;
    }
}
