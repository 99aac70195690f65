using System.Text;
using CsCheck;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Keys;

public sealed class PrivateKeyDocumentTests
{
    private static readonly byte[] Message = Encoding.UTF8.GetBytes("message");

    public static TheoryData<string> Plain => new(
        "ed25519", "ecdsa256", "ecdsa384", "ecdsa521", "rsa2048", "rsa3072",
        "rsa2048.pem", "ecdsa256.pem", "ecdsa384.pem", "ecdsa521.pem",
        "rsa2048.pkcs8", "ecdsa256.pkcs8", "ecdsa384.pkcs8", "ecdsa521.pkcs8", "openssl25519.pkcs8");

    public static TheoryData<string> Encrypted => new(
        "ed25519.aes256-ctr", "ecdsa256.aes256-ctr", "ecdsa384.aes256-ctr", "ecdsa521.aes256-ctr", "rsa2048.aes256-ctr",
        "ed25519.aes192-ctr", "ed25519.aes128-ctr", "ed25519.aes256-gcm", "ed25519.aes128-gcm", "ed25519.chacha20-poly1305",
        "ed25519.aes256-cbc", "ed25519.aes192-cbc", "ed25519.aes128-cbc",
        "rsa2048.pkcs8-encrypted", "ecdsa256.pkcs8-encrypted", "ecdsa384.pkcs8-encrypted", "ecdsa521.pkcs8-encrypted", "rsa2048.hmac-sha512");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Plain))]
    public async Task A_plain_key_opens_and_signs(string name)
    {
        using var document = PrivateKeyDocument.Parse(KeyFixture.Read(name));
        Assert.False(document.IsEncrypted);
        Assert.True(KeyFixture.PublicOf(name).IsSameKey(document.PublicKey!));
        using var signer = document.Open(default, Cancelled);
        await AssertSigns(signer, name);
    }

    [Theory, MemberData(nameof(Encrypted))]
    public async Task An_encrypted_key_opens_by_its_passphrase_only(string name)
    {
        using var document = PrivateKeyDocument.Parse(KeyFixture.Read(name));
        Assert.True(document.IsEncrypted);
        if (!name.Contains("pkcs8", StringComparison.Ordinal) && !name.Contains("hmac", StringComparison.Ordinal))
            Assert.True(KeyFixture.PublicOf(name).IsSameKey(document.PublicKey!));
        Assert.Null(document.Open("correct horsf"u8, Cancelled));
        using var signer = document.Open(KeyFixture.PassphraseBytes, Cancelled);
        await AssertSigns(signer, name);
    }

    [Fact]
    public async Task The_count_of_rounds_is_the_files()
    {
        using var document = PrivateKeyDocument.Parse(KeyFixture.Read("ed25519.rounds100"));
        using var signer = document.Open(KeyFixture.PassphraseBytes, Cancelled);
        await AssertSigns(signer, "ed25519.rounds100");
    }

    [Theory]
    [InlineData("rsa2048.legacy", "ssh-keygen -p -f {FILE}")]
    [InlineData("dsa", "ssh-dss")]
    [InlineData("dsa.pem", "DSA keys are too weak")]
    [InlineData("dsa.pkcs8", "DSA keys are too weak")]
    [InlineData("rsa1024", "1024 bits are too weak")]
    [InlineData("ed25519.3des-cbc", "ssh-keygen -p -Z aes256-ctr -f {FILE}")]
    [InlineData("rsa2048.scrypt", "only PBES2 with PBKDF2")]
    [InlineData("rsa2048.pub", "invalid format")]
    public void What_is_refused_says_why(string name, string reason) =>
        Assert.Contains(reason, Assert.Throws<KeyFileException>(() => PrivateKeyDocument.Parse(KeyFixture.Read(name))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_curve_that_the_system_does_not_know_is_refused_by_its_kind()
    {
        // prime256v1 is 1.2.840.10045.3.1.7; behind the 3's place nobody has put anything.
        var (label, der) = Unarmour("ecdsa256.pem");
        der[der.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]) + 5] = 0xa7;
        Assert.Contains("nistp256, nistp384 or nistp521", Assert.Throws<KeyFileException>(() => PrivateKeyDocument.Parse(Armour(label, der))).Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Plain))]
    public void No_truncation_is_a_key(string name)
    {
        var file = KeyFixture.Read(name);
        var whole = file.AsSpan().LastIndexOf("-----"u8) + 5;
        for (var length = 0; length < whole; length++)
            Assert.Throws<KeyFileException>(() => PrivateKeyDocument.Parse(file.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("ed25519")]
    [InlineData("ecdsa521")]
    [InlineData("rsa2048")]
    [InlineData("rsa2048.pem")]
    [InlineData("ecdsa256.pkcs8")]
    [InlineData("ecdsa256.pkcs8-encrypted")]
    [InlineData("ed25519.aes256-gcm")]
    public void No_truncated_content_is_a_key(string name)
    {
        // The armour is whole here, what it holds is not: every length field is met at every place.
        var (label, der) = Unarmour(name);
        for (var length = 0; length < der.Length; length++)
            AssertNoKey(Armour(label, der[..length]));
    }

    [Theory]
    [InlineData("ed25519")]
    [InlineData("ecdsa256")]
    [InlineData("rsa2048")]
    [InlineData("rsa2048.pkcs8")]
    public void A_damaged_plain_key_is_the_same_key_or_none(string name)
    {
        // Comments and check numbers may change; a signature that the public half does not verify must never come out.
        var (label, der) = Unarmour(name);
        Gen.Select(Gen.Int[0, der.Length - 1], Gen.Byte[1, 255]).Sample((place, change) =>
        {
            var damaged = (byte[])der.Clone();
            damaged[place] ^= change;
            try
            {
                using var document = PrivateKeyDocument.Parse(Armour(label, damaged));
                using var signer = document.Open(default, Cancelled);
                if (signer is not null && document.PublicKey is { } shown)
                    Assert.True(signer.PublicKey.IsSameKey(shown));
            }
            catch (KeyFileException)
            {
                // refused, as it should be
            }
        }, iter: 300);
    }

    [Fact]
    public void Huge_key_derivations_are_refused_at_once()
    {
        var (label, der) = Unarmour("ed25519.aes256-ctr");
        // magic 15, ciphername 4+10, kdfname 4+6, kdfoptions 4: salt 4+16, then rounds
        var rounds = 15 + 14 + 10 + 4 + 20;
        Assert.Equal(new byte[] { 0, 0, 0, 16 }, der[rounds..(rounds + 4)].Select((b, i) => i == 3 ? (byte)16 : b).ToArray());
        new byte[] { 0x7f, 0xff, 0xff, 0xff }.CopyTo(der, rounds);
        Assert.Contains("2147483647 rounds", Assert.Throws<KeyFileException>(() => PrivateKeyDocument.Parse(Armour(label, der))).Message, StringComparison.Ordinal);

        (label, der) = Unarmour("ecdsa256.pkcs8-encrypted");
        Assert.Equal(new byte[] { 2, 2, 8, 0 }, der[43..47]);
        var huge = new byte[] { 2, 4, 0x7f, 0xff, 0xff, 0xff };
        byte[] changed = [.. der[..43], .. huge, .. der[47..]];
        // The lengths of the five sequences around it grow by two.
        foreach (var at in (int[])[2, 4, 17, 19, 32])
            changed[at] += 2;
        Assert.Contains("derivation rounds", Assert.Throws<KeyFileException>(() => PrivateKeyDocument.Parse(Armour(label, changed))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_derivation_can_be_cancelled()
    {
        using var document = PrivateKeyDocument.Parse(KeyFixture.Read("ed25519.rounds100"));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => document.Open(KeyFixture.PassphraseBytes, cancelled.Token));
    }

    [Fact]
    public void The_halves_must_belong_together()
    {
        var (label, der) = Unarmour("ed25519");
        // The outer public key: magic 15, "none" 8, "none" 8, "" 4, count 4, blob length 4, type 4+11, length 4.
        var other = KeyFixture.PublicOf("openssl25519").Blob.Span[^32..];
        other.CopyTo(der.AsSpan(15 + 8 + 8 + 4 + 4 + 4 + 15 + 4));
        using var document = PrivateKeyDocument.Parse(Armour(label, der));
        Assert.Contains("do not belong together", Assert.Throws<KeyFileException>(() => document.Open(default, Cancelled)).Message, StringComparison.Ordinal);
    }

    private static async Task AssertSigns(Signer? signer, string name)
    {
        Assert.NotNull(signer);
        var key = KeyFixture.PublicOf(name);
        Assert.True(key.IsSameKey(signer.PublicKey));
        var algorithm = key.SignatureAlgorithms[0];
        var signature = await signer.SignAsync(algorithm, Message, Cancelled);
        Assert.True(key.Verify(algorithm, Message, signature));
    }

    private static void AssertNoKey(byte[] file)
    {
        try
        {
            using var document = PrivateKeyDocument.Parse(file);
            Assert.Null(document.Open(KeyFixture.PassphraseBytes, Cancelled));
        }
        catch (KeyFileException)
        {
            // refused, as it should be
        }
    }

    private static (string Label, byte[] Der) Unarmour(string name)
    {
        var text = Encoding.ASCII.GetString(KeyFixture.Read(name));
        var pem = System.Security.Cryptography.PemEncoding.Find(text);
        return (text[pem.Label], Convert.FromBase64String(text[pem.Base64Data]));
    }

    private static byte[] Armour(string label, byte[] der) =>
        Encoding.ASCII.GetBytes(System.Security.Cryptography.PemEncoding.WriteString(label, der));
}
