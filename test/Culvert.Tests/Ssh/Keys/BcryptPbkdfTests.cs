using Culvert.Ssh.Keys;
using Xunit;

namespace Culvert.Tests.Ssh.Keys;

public sealed class BcryptPbkdfTests
{
    [Fact]
    public void Rounds_are_bounded()
    {
        var key = new byte[32];
        Assert.Throws<ArgumentOutOfRangeException>(() => BcryptPbkdf.Derive("p"u8, "s"u8, 0, key, default));
        Assert.Throws<ArgumentOutOfRangeException>(() => BcryptPbkdf.Derive("p"u8, "s"u8, BcryptPbkdf.MaximumRounds + 1, key, default));
    }

    [Fact]
    public void Blowfish_enciphers_as_its_author_published()
    {
        // Schneier's vector for the key "abcdefghijklmnopqrstuvwxyz" (the plain key schedule is the unsalted one).
        var blowfish = new Blowfish();
        blowfish.Reset();
        blowfish.Expand("abcdefghijklmnopqrstuvwxyz"u8, default);
        uint left = 0x424c4f57, right = 0x46495348;
        blowfish.Encipher(ref left, ref right);
        Assert.Equal((0x324ed0feu, 0xf413a203u), (left, right));
    }
}
