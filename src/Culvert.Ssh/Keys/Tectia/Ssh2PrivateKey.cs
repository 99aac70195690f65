using System.Security.Cryptography;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Keys;

/// <summary><c>---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----</c>, the private key file of SSH Tectia and its ancestors. RSA without a passphrase is read. The format's only
/// encryption is 3DES with a key that MD5 makes of the passphrase, which is refused like the old PEM encryption.</summary>
internal sealed class Ssh2PrivateKey : PrivateKeyDocument
{
    private const string What = "SSH2 private key";
    private const uint Magic = 0x3f6ff9eb;
    private const string RsaType = "if-modn{";

    private readonly byte[] _payload;

    private Ssh2PrivateKey(byte[] payload, PublicKey publicKey) => (_payload, PublicKey) = (payload, publicKey);

    public override PublicKey PublicKey { get; }

    public override bool IsEncrypted => false;

    public static Ssh2PrivateKey Read(ReadOnlySpan<byte> blob)
    {
        // uint32   0x3f6ff9eb
        // uint32   length of all
        // string   type            if-modn{sign{rsa-pkcs1-sha1},encrypt{rsa-pkcs1v2-oaep}} for RSA
        // string   cipher          none, 3des-cbc
        // string   encrypted       string payload, padding
        var reader = new SshReader(blob, What);
        if (reader.UInt32("magic") != Magic || reader.UInt32("length") != blob.Length)
            throw new KeyFileException("invalid format");
        var type = reader.Text("type");
        var cipher = reader.Text("cipher");
        var text = reader.String("private section");
        reader.End();
        if (cipher != "none")
        {
            throw new KeyFileException("it is an SSH2 key encrypted in the old way (3DES, its key made by MD5), which is not supported; take its passphrase away with "
                + $"ssh-keygen-g3 -e {FilePlaceholder}, then make it OpenSSH's with: ssh-keygen -i -f {FilePlaceholder} > NEWFILE && ssh-keygen -p -f NEWFILE");
        }
        if (!type.StartsWith(RsaType, StringComparison.Ordinal))
            throw new KeyFileException("only RSA keys of the SSH2 format are supported; make a new key with: ssh-keygen -t ed25519");
        var payload = new SshReader(text, What).String("payload").ToArray();
        using var signer = ReadRsa(payload);
        return new(payload, signer.PublicKey);
    }

    public override Signer? Open(ReadOnlySpan<byte> passphrase, CancellationToken cancellationToken) => ReadRsa(_payload);

    public override void Dispose() => CryptographicOperations.ZeroMemory(_payload);

    private static RsaSigner ReadRsa(ReadOnlySpan<byte> payload)
    {
        // e, d, n, u (the inverse of p modulo q), p, q; each a uint32 with its bits, and as many bytes as they need
        var reader = new SshReader(payload, What);
        var e = Number(ref reader, "e");
        var d = Number(ref reader, "d");
        var n = Number(ref reader, "n");
        var u = Number(ref reader, "u");
        var p = Number(ref reader, "p");
        var q = Number(ref reader, "q");
        reader.End();
        try
        {
            // OpenSSH's inverse is that of q modulo p: the primes change places.
            return new RsaSigner(RsaPrivateNumbers.Create(n, e, d, u, q, p));
        }
        catch (CryptographicException ex)
        {
            throw new KeyFileException("its numbers are not a key", ex);
        }
    }

    private static ReadOnlySpan<byte> Number(ref SshReader reader, string field)
    {
        var bits = reader.UInt32(field);
        if (bits > RsaPublicKey.MaximumBits)
            throw new KeyFileException("its numbers are not a key");
        return reader.Raw((int)((bits + 7) / 8), field).TrimStart((byte)0);
    }
}
