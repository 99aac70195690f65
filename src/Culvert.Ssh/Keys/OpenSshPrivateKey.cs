using System.Security.Cryptography;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Keys;

/// <summary><c>-----BEGIN OPENSSH PRIVATE KEY-----</c> (OpenSSH's PROTOCOL.key), whose public half is never encrypted.</summary>
internal sealed class OpenSshPrivateKey : PrivateKeyDocument
{
    public const string Label = "OPENSSH PRIVATE KEY";

    private const string What = "OpenSSH private key";

    /// <summary>ssh-keygen writes 16 bytes.</summary>
    private const int MaximumSaltLength = 1024;

    private readonly KeyFileCipher _cipher;
    private readonly byte[] _salt;
    private readonly int _rounds;
    private readonly byte[] _text;
    private readonly byte[] _tag;

    private OpenSshPrivateKey(PublicKey publicKey, KeyFileCipher cipher, byte[] salt, int rounds, byte[] text, byte[] tag)
    {
        PublicKey = publicKey;
        (_cipher, _salt, _rounds, _text, _tag) = (cipher, salt, rounds, text, tag);
    }

    public override PublicKey PublicKey { get; }

    public override bool IsEncrypted => !_cipher.IsNone;

    public static OpenSshPrivateKey Read(ReadOnlySpan<byte> der)
    {
        // PROTOCOL.key §1
        //   byte[]   "openssh-key-v1\0"
        //   string   ciphername
        //   string   kdfname
        //   string   kdfoptions        bcrypt: string salt, uint32 rounds
        //   uint32   number of keys    always 1
        //   string   publickey
        //   string   encrypted private section
        //   byte[]   tag of an authenticated cipher
        var reader = new SshReader(der, What);
        if (!reader.Raw(15, "magic").SequenceEqual("openssh-key-v1\0"u8))
            throw new KeyFileException("invalid format");
        var cipherName = reader.Text("ciphername");
        var kdf = reader.Text("kdfname");
        var options = reader.String("kdfoptions");
        if (reader.UInt32("number of keys") != 1)
            throw new KeyFileException("it holds more than one key, which is not supported");
        var publicKey = PublicKeys.Parse(reader.String("publickey"));
        var text = reader.String("private section").ToArray();

        var cipher = KeyFileCipher.Find(cipherName)
            ?? throw new KeyFileException($"it is encrypted by a cipher that is not supported; change it with: ssh-keygen -p -Z aes256-ctr -f {FilePlaceholder}");
        var tag = reader.Raw(cipher.TagLength, "tag").ToArray();
        reader.End();
        if (text.Length == 0 || text.Length % cipher.BlockLength != 0)
            throw new KeyFileException("invalid format");

        if (cipher.IsNone)
            return kdf == "none" && options.IsEmpty ? new(publicKey, cipher, [], 0, text, tag) : throw new KeyFileException("invalid format");
        if (kdf != "bcrypt")
            throw new KeyFileException("its key derivation is not supported");
        var kdfReader = new SshReader(options, What);
        var salt = kdfReader.String("salt").ToArray();
        var rounds = kdfReader.UInt32("rounds");
        kdfReader.End();
        if (salt.Length is 0 or > MaximumSaltLength || rounds == 0)
            throw new KeyFileException("invalid format");
        if (rounds > BcryptPbkdf.MaximumRounds)
            throw new KeyFileException($"it asks for {rounds} rounds of key derivation; {BcryptPbkdf.MaximumRounds} is the most that is supported");
        return new(publicKey, cipher, salt, (int)rounds, text, tag);
    }

    public override Signer? Open(ReadOnlySpan<byte> passphrase, CancellationToken cancellationToken)
    {
        var material = new byte[_cipher.KeyLength + _cipher.IvLength];
        byte[]? plain = null;
        try
        {
            if (IsEncrypted)
                BcryptPbkdf.Derive(passphrase, _salt, _rounds, material, cancellationToken);
            plain = _cipher.Decrypt(material.AsSpan(0, _cipher.KeyLength), material.AsSpan(_cipher.KeyLength), _text, _tag);
            return ReadPrivateSection(plain);
        }
        catch (CryptographicException) when (IsEncrypted && _cipher.TagLength > 0 && plain is null)
        {
            return null;
        }
        catch (SshProtocolException e)
        {
            throw new KeyFileException(e.Message, e);
        }
        catch (CryptographicException e)
        {
            throw new KeyFileException("its numbers are not a key", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(material);
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    // Without a cipher this text is the secret itself.
    public override void Dispose() => CryptographicOperations.ZeroMemory(_text);

    private Signer? ReadPrivateSection(ReadOnlySpan<byte> plain)
    {
        // PROTOCOL.key §3
        //   uint32   checkint
        //   uint32   checkint          the same again: a wrong passphrase shows here
        //   string   type, and the fields of that type
        //   string   comment
        //   byte[]   padding 1, 2, 3 … up to the cipher's block
        var reader = new SshReader(plain, What);
        if (reader.UInt32("checkint") != reader.UInt32("checkint"))
            return IsEncrypted ? null : throw new KeyFileException("invalid format");
        var type = reader.Text("type");
        if (type != PublicKey.Type)
            throw new KeyFileException("its private and public halves are of different types");
        Signer signer = type switch
        {
            Ed25519PublicKey.Name => ReadEd25519(ref reader),
            RsaPublicKey.Name => ReadRsa(ref reader),
            _ when NistCurve.TryFind(type, out var curve) => ReadEcdsa(ref reader, curve),
            _ => throw new KeyFileException($"keys of type {type} can only be used through an agent: ssh-add {FilePlaceholder}"),
        };
        try
        {
            RequireEnd(ref reader);
            return signer.PublicKey.IsSameKey(PublicKey) ? signer : throw new KeyFileException("its private and public halves do not belong together");
        }
        catch
        {
            signer.Dispose();
            throw;
        }
    }

    private static void RequireEnd(ref SshReader reader)
    {
        reader.String("comment");
        var padding = reader.Rest;
        for (var i = 0; i < padding.Length; i++)
        {
            if (padding[i] != (byte)(i + 1))
                throw new KeyFileException("invalid format");
        }
    }

    private static Ed25519Signer ReadEd25519(ref SshReader reader)
    {
        // string public (32), string seed and public (64)
        var publicHalf = reader.String("public key");
        var both = reader.String("private key");
        if (both.Length != 64 || !both[32..].SequenceEqual(publicHalf))
            throw new KeyFileException("invalid format");
        return new Ed25519Signer(both[..32]);
    }

    private static EcdsaSigner ReadEcdsa(ref SshReader reader, NistCurve curve)
    {
        // string curve, string Q, mpint d
        if (reader.Text("curve") != curve.Name)
            throw new KeyFileException("invalid format");
        var q = EcdsaPublicKey.ReadPoint(curve, reader.String("Q"));
        var d = Fixed(reader.MpInt("d"), curve.FieldBytes);
        try
        {
            return new EcdsaSigner(ECDsa.Create(new ECParameters { Curve = curve.Curve, Q = q, D = d }));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(d);
        }
    }

    private static RsaSigner ReadRsa(ref SshReader reader)
    {
        // mpint n, e, d, iqmp, p, q
        var n = reader.MpInt("n");
        var e = reader.MpInt("e");
        var d = reader.MpInt("d");
        var inverse = reader.MpInt("iqmp");
        var p = reader.MpInt("p");
        var q = reader.MpInt("q");
        return new RsaSigner(RsaPrivateNumbers.Create(n, e, d, inverse, p, q));
    }

    /// <summary>A number with leading zeros up to a fixed length, as .NET wants it.</summary>
    public static byte[] Fixed(ReadOnlySpan<byte> number, int length)
    {
        if (number.Length > length)
            throw new KeyFileException("its numbers are not a key");
        var padded = new byte[length];
        number.CopyTo(padded.AsSpan(length - number.Length));
        return padded;
    }
}
