using Culvert.Ssh.Crypto;
using Xunit;

namespace Culvert.Tests.Ssh.Crypto;

/// <summary>Answers that others have computed.</summary>
public sealed class KnownAnswerTests
{
    private const string NistPlaintext =
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

    /// <summary>NIST SP 800-38A, F.5.1, F.5.3 and F.5.5.</summary>
    [Theory]
    [InlineData("2b7e151628aed2a6abf7158809cf4f3c",
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee")]
    [InlineData("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
        "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050")]
    [InlineData("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6")]
    public void Aes_in_counter_mode_matches_NIST(string key, string ciphertext)
    {
        using var counter = new AesCounter(Convert.FromHexString(key), Convert.FromHexString("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
        var bytes = Convert.FromHexString(NistPlaintext);
        // In pieces that don't end where blocks end: the key stream goes on where it stopped.
        counter.Apply(bytes.AsSpan(0, 5));
        counter.Apply(bytes.AsSpan(5, 16));
        counter.Apply(bytes.AsSpan(21));
        Assert.Equal(ciphertext, Convert.ToHexStringLower(bytes));
    }

    /// <summary>RFC 8439 A.1, test vectors 1 and 2: blocks 0 and 1 of an all-zero key.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ChaCha20_matches_the_RFC(bool usePlatform)
    {
        using var stream = new ChaCha20KeyStream(new byte[32], usePlatform);
        var nonce = new byte[ChaCha20KeyStream.NonceLength];
        var zero = new byte[64];
        stream.Start(nonce);
        stream.Apply(zero);
        Assert.Equal("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
            Convert.ToHexStringLower(zero));
        var one = new byte[1024];
        stream.ApplyFromBlockOne(nonce, one);
        Assert.Equal("9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
            Convert.ToHexStringLower(one.AsSpan(0, 64)));
    }

    /// <summary>The worked example of draft-ietf-sshm-chacha20-poly1305, appendix A: packet 7.</summary>
    [Fact]
    public void A_ChaCha20_Poly1305_packet_matches_the_draft()
    {
        var key = Convert.FromHexString(
            "8bbff6855fc102338c373e73aac0c914f076a905b2444a32eecaffeae22becc5e9b7a7a5825a8249346ec1c28301cf394543fc7569887d76e168f37562ac0740");
        var plain = Convert.FromHexString("00000048065e00000000000000384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572"
            + "2061646970697369 63696e6720656c69744e43e804dc6c".Replace(" ", "", StringComparison.Ordinal));
        using var cipher = new ChaCha20Poly1305Cipher(key);
        var packet = new byte[plain.Length + 16];
        plain.CopyTo(packet, 0);
        cipher.Seal(7, packet);
        Assert.Equal("2c3ecce4"
            + "a5bc05895bf07a7ba956b6c68829ac7c83b780b7000ecde745afc705bbc378ce03a280236b87b53bed5839662302b164b6286a48cd1e097138e3cb909b8b2b829dd18d2a35ff82d9"
            + "95349e855bf02c298ef775f2d1a7e8b8", Convert.ToHexStringLower(packet));
        Assert.Equal(0x48u, cipher.ReadLength(7, packet.AsSpan(0, 4)));
        Assert.True(cipher.Open(7, packet));
        Assert.Equal(plain[4..], packet[4..^16]);
    }

    /// <summary>Computed by OpenSSL 3.0: <c>openssl kdf -keylen 64 -kdfopt digest:SHA2-256 -kdfopt type:A … SSHKDF</c>.</summary>
    [Theory]
    [InlineData(KeyPurpose.InitialVector, true, "4CBCCF862A4C5B5A560007A926AAA279B0BD2536C9FDC2DFB0E030A1F68F14A51237BF552F324AFD23E159E005A86035D43470BE62F11CEB30694174DDCB7CB2")]
    [InlineData(KeyPurpose.InitialVector, false, "45E9D3589AB9BDACE0FEB77693DA341FC72044E10C3D4BFFA7E4D498BD57F584360BB835D288C914BCFE797C87EE9CB6F5B9ABA44F91D01CFBEC6C3D85BAB828")]
    [InlineData(KeyPurpose.Encryption, true, "A7D4DB8628012BAE876790BF0B2A51A736867B0C0FB78A428C204B6EF62B387DD36A49148B711FB50CC4F2B7A2BADD27CE93ECE4A1EC2A200BF1F560FACDEB51")]
    [InlineData(KeyPurpose.Encryption, false, "BC41CCB4A67FBFF245B0BFC7432C9FD27DFA8E5AD07DCCB0E0C834908AC5BF093DD9BC4FFD12CD7BB0BDB4BF449B15D3E1C252A9CAB08EF5ADF38E491900AD99")]
    [InlineData(KeyPurpose.Integrity, true, "56DE5AAF9C033FADDD273C380946DC0E3D0BED24A5BCA5295A1498F633C1635E65E55BEB570E21B1F77878C13ED08C223EBE0C03B41CC0BD6F9C8E842A198B08")]
    [InlineData(KeyPurpose.Integrity, false, "DC355171DE5BFA5FEC8DE3D750C8E3C7C52A186C66A78E28172631D3E5D0129FCD4E279A5976FD9FA3B20BA9E21269F6B0DDFEC1CAAFEDF8B383F34043C458E4")]
    internal void Keys_are_derived_as_OpenSSL_does(KeyPurpose purpose, bool clientToServer, string expected)
    {
        using var keys = new KeyDerivation(System.Security.Cryptography.HashAlgorithmName.SHA256,
            Convert.FromHexString("0000002100b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa0"),
            System.Security.Cryptography.SHA256.HashData("exchange hash"u8), System.Security.Cryptography.SHA256.HashData("session id"u8));
        var material = keys.For(clientToServer);
        Assert.Equal(expected, Convert.ToHexString(material(purpose, 64)));
        Assert.Equal(expected[..24], Convert.ToHexString(material(purpose, 12)));
    }
}
