using System.Security.Cryptography;
using System.Text;
using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>The text form of SSH Tectia's key files: RFC 4716 for public keys, the same with another label for private ones. Four dashes and a blank, headers
/// (<c>Comment: "…"</c>, continued after a backslash), then Base64.</summary>
internal static class Ssh2Text
{
    public const string PublicLabel = "SSH2 PUBLIC KEY", PrivateLabel = "SSH2 ENCRYPTED PRIVATE KEY";

    private const string Begin = "---- BEGIN ", End = "---- END ", Dashes = " ----";

    /// <summary>RFC 4716 §3.3: 1,024 bytes and a tag of 64.</summary>
    private const int MaximumHeader = 64 + 2 + 1024;

    /// <summary>Whether the text begins so.</summary>
    public static bool IsLabelled(ReadOnlySpan<byte> file, string label) => file.IndexOf(Encoding.ASCII.GetBytes(Begin + label + Dashes)) >= 0;

    /// <summary>The decoded content; null: the text has another form. The caller wipes what is private.</summary>
    public static byte[]? Decode(ReadOnlySpan<byte> file, string label)
    {
        var base64 = new StringBuilder(file.Length);
        var (inside, header) = (false, 0);
        foreach (var raw in Encoding.UTF8.GetString(file).AsSpan().EnumerateLines())
        {
            var line = raw.TrimEnd();
            if (!inside)
            {
                inside = line.SequenceEqual(Begin + label + Dashes);
            }
            else if (line.SequenceEqual(End + label + Dashes))
            {
                return FromBase64(base64);
            }
            else if (header > 0 || (base64.Length == 0 && line.Contains(':')))
            {
                header = line.EndsWith("\\") ? header + line.Length : 0;
                if (header > MaximumHeader)
                    return null;
            }
            else
            {
                base64.Append(line);
            }
        }
        return null;
    }

    /// <summary>A public key file (RFC 4716).</summary>
    public static bool TryReadPublic(ReadOnlySpan<byte> file, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        return IsLabelled(file, PublicLabel) && Decode(file, PublicLabel) is { } blob && PublicKeys.TryParse(blob, out key);
    }

    private static byte[]? FromBase64(StringBuilder text)
    {
        var characters = new char[text.Length];
        text.CopyTo(0, characters, text.Length);
        text.Clear();
        var bytes = new byte[characters.Length];
        var isRight = Convert.TryFromBase64Chars(characters, bytes, out var length);
        Array.Clear(characters);
        var result = isRight ? bytes.AsSpan(0, length).ToArray() : null;
        CryptographicOperations.ZeroMemory(bytes);
        return result;
    }
}
