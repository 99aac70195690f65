using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Crypto;

/// <summary>Reads public keys.</summary>
internal static class PublicKeys
{
    /// <summary>A 16,384-bit RSA key, OpenSSH's largest, takes about 2 KiB; anything longer is not a key.</summary>
    public const int MaximumBlobLength = 8 * 1024;

    /// <summary>Reads a key's blob (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4), or a certificate's, completely and checks its numbers.</summary>
    /// <exception cref="SshProtocolException">It is malformed, of a type that isn't supported, or too weak.</exception>
    public static PublicKey Parse(ReadOnlySpan<byte> blob)
    {
        var type = new SshReader(blob, "public key").Text("type");
        if (CertificateNames.IsCertificate(type))
            return Certificate.Parse(blob);
        if (blob.Length > MaximumBlobLength)
            throw new SshProtocolException($"public key: {blob.Length} bytes are too many");
        return type switch
        {
            Ed25519PublicKey.Name => Ed25519PublicKey.Parse(blob),
            RsaPublicKey.Name => RsaPublicKey.Parse(blob),
            SecurityKeyPublicKey.Ed25519Name or SecurityKeyPublicKey.EcdsaName => SecurityKeyPublicKey.Parse(blob),
            _ when NistCurve.TryFind(type, out var curve) => EcdsaPublicKey.Parse(curve, blob),
            _ => throw new SshProtocolException($"public key: type {Printable(type)} is not supported"),
        };
    }

    /// <summary><see cref="Parse"/> for keys that may be of any type, as an agent or an <c>authorized_keys</c> file holds them.</summary>
    public static bool TryParse(ReadOnlySpan<byte> blob, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PublicKey? key)
    {
        try
        {
            key = Parse(blob);
            return true;
        }
        catch (SshProtocolException)
        {
            key = null;
            return false;
        }
    }

    /// <summary>Reads <c>type base64 [comment]</c>, a line of a <c>.pub</c> file; the type must be the blob's.</summary>
    public static bool TryParseLine(string line, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length < 2)
            return false;
        var blob = new byte[words[1].Length];
        return Convert.TryFromBase64String(words[1], blob, out var length)
            && TryParse(blob.AsSpan(0, length), out key)
            && key.Type == words[0];
    }

    private static string Printable(string type) =>
        string.Concat(type.Take(64).Select(c => c is > ' ' and < '\x7f' ? c : '?'));
}
