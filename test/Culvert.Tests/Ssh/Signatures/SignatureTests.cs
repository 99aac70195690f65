using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Tests.Ssh.Signatures;

public sealed class SignatureTests
{
    private static readonly byte[] Message = Encoding.UTF8.GetBytes("what was signed");

    public static TheoryData<string> Kinds => new("ed25519", "nistp256", "nistp384", "nistp521", "rsa");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    internal static Signer Generate(string kind) => kind switch
    {
        "ed25519" => Signer.GenerateEd25519(),
        "rsa" => RsaSigner.Generate(2048),
        _ => EcdsaSigner.Generate(NistCurve.All.Single(c => c.Name == kind)),
    };

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_signature_verifies_and_nothing_else_does(string kind)
    {
        using var signer = Generate(kind);
        using var other = Generate(kind);
        var key = PublicKeys.Parse(signer.PublicKey.Blob.Span);
        foreach (var algorithm in key.SignatureAlgorithms)
        {
            var signature = await signer.SignAsync(algorithm, Message, Cancelled);
            Assert.True(key.Verify(algorithm, Message, signature));
            Assert.False(other.PublicKey.Verify(algorithm, Message, signature));
            Assert.False(key.Verify(algorithm, [.. Message, 0], signature));
            Assert.False(key.Verify("ssh-rsa", Message, signature));
            for (var i = 0; i < signature.Length; i += 7)
            {
                var damaged = (byte[])signature.Clone();
                damaged[i] ^= 1;
                Assert.False(key.Verify(algorithm, Message, damaged), $"byte {i}");
            }
            for (var length = 0; length < signature.Length; length++)
                Assert.False(key.Verify(algorithm, Message, signature.AsSpan(0, length)));
            Assert.False(key.Verify(algorithm, Message, [.. signature, 0]));
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_blob_survives_parsing_and_no_truncation_does(string kind)
    {
        using var signer = Generate(kind);
        var blob = signer.PublicKey.Blob;
        var key = PublicKeys.Parse(blob.Span);
        Assert.Equal(blob.ToArray(), key.Blob.ToArray());
        Assert.Equal(signer.PublicKey.Fingerprint, key.Fingerprint);
        for (var length = 0; length < blob.Length; length++)
            Assert.Throws<SshProtocolException>(() => PublicKeys.Parse(blob.Span[..length]));
        Assert.Throws<SshProtocolException>(() => PublicKeys.Parse([.. blob.Span, 0]));
        Assert.True(PublicKeys.TryParseLine(key + " a comment", out var again));
        Assert.True(key.IsSameKey(again));
    }

    [Fact]
    public async Task Rsa_never_signs_by_sha1_and_weak_keys_are_refused()
    {
        using var signer = RsaSigner.Generate(2048);
        await Assert.ThrowsAsync<ArgumentException>(async () => await signer.SignAsync("ssh-rsa", Message, Cancelled));
        using var weak = RSA.Create(1024);
        Assert.Contains("1024 bits", Assert.Throws<SshProtocolException>(() => new RsaSigner(weak)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Points_of_small_order_or_off_the_curve_are_no_keys()
    {
        var identity = new byte[32];
        identity[0] = 1;
        Assert.Throws<SshProtocolException>(() => PublicKeys.Parse(new SshWriter().String("ssh-ed25519").String(identity).WrittenSpan));
        var nowhere = new byte[65];
        nowhere[0] = 4;
        nowhere[64] = 1;
        Assert.Throws<SshProtocolException>(() => PublicKeys.Parse(
            new SshWriter().String("ecdsa-sha2-nistp256").String("nistp256").String(nowhere).WrittenSpan));
    }

    [Fact]
    public void Dsa_is_not_supported() =>
        Assert.Contains("ssh-dss", Assert.Throws<SshProtocolException>(() => PublicKeys.Parse(new SshWriter().String("ssh-dss").WrittenSpan)).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_bytes_are_a_key_or_a_protocol_error() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            foreach (var type in (string[])["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com"])
            {
                if (PublicKeys.TryParse(new SshWriter().String(type).Raw(bytes).WrittenSpan, out var key))
                    Assert.Equal(type, key.Type);
            }
        });
}
