using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Culvert.Ssh.Keys;

/// <summary>A cipher that ssh-keygen can encrypt a key file with (<c>-Z</c>), here only to decrypt.</summary>
/// <remarks>CBC stands here because ssh-keygen wrote aes256-cbc for years; it is negotiated nowhere.</remarks>
internal sealed record KeyFileCipher(string Name, int KeyLength, int IvLength, int BlockLength, int TagLength)
{
    private const string None = "none", ChaCha = "chacha20-poly1305@openssh.com";

    private static readonly KeyFileCipher[] All =
    [
        new(None, 0, 0, 8, 0),
        new("aes256-ctr", 32, 16, 16, 0),
        new("aes192-ctr", 24, 16, 16, 0),
        new("aes128-ctr", 16, 16, 16, 0),
        new("aes256-gcm@openssh.com", 32, 12, 16, 16),
        new("aes128-gcm@openssh.com", 16, 12, 16, 16),
        new(ChaCha, 64, 0, 8, 16),
        new("aes256-cbc", 32, 16, 16, 0),
        new("aes192-cbc", 24, 16, 16, 0),
        new("aes128-cbc", 16, 16, 16, 0),
    ];

    public bool IsNone => Name == None;

    public static KeyFileCipher? Find(string name) => All.FirstOrDefault(c => c.Name == name);

    /// <summary>Decrypts; without a tag in the cipher any key "succeeds" and the caller's check numbers tell.</summary>
    /// <exception cref="CryptographicException">The tag does not fit: the key is wrong.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> text, ReadOnlySpan<byte> tag)
    {
        var plain = new byte[text.Length];
        if (IsNone)
        {
            text.CopyTo(plain);
        }
        else if (Name == ChaCha)
        {
            DecryptChaCha(key, text, tag, plain);
        }
        else if (TagLength > 0)
        {
            using var gcm = new AesGcm(key, TagLength);
            gcm.Decrypt(iv, text, tag, plain);
        }
        else if (Name.EndsWith("-cbc", StringComparison.Ordinal))
        {
            using var aes = Aes.Create();
            aes.SetKey(key);
            aes.DecryptCbc(text, iv, plain, PaddingMode.None);
        }
        else
        {
            var counter = new BufferedBlockCipher(new SicBlockCipher(AesUtilities.CreateEngine()));
            counter.Init(false, new ParametersWithIV(new KeyParameter(key), iv));
            counter.DoFinal(text, plain);
        }
        return plain;
    }

    /// <summary>PROTOCOL.chacha20poly1305 with sequence number 0 and no length field: block 0 of the stream keys the tag, the text starts at block 1.</summary>
    private static void DecryptChaCha(ReadOnlySpan<byte> key, ReadOnlySpan<byte> text, ReadOnlySpan<byte> tag, Span<byte> plain)
    {
        var stream = new ChaChaEngine();
        stream.Init(false, new ParametersWithIV(new KeyParameter(key[..32]), new byte[8]));
        var first = new byte[64];
        stream.ProcessBytes(first, first);

        var poly = new Poly1305();
        poly.Init(new KeyParameter(first.AsSpan(0, 32)));
        poly.BlockUpdate(text);
        Span<byte> expected = stackalloc byte[16];
        poly.DoFinal(expected);
        CryptographicOperations.ZeroMemory(first);
        if (!CryptographicOperations.FixedTimeEquals(expected, tag))
            throw new CryptographicException("the tag does not fit");
        stream.ProcessBytes(text, plain);
    }
}
