using System.Diagnostics.CodeAnalysis;
using System.Text;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;

namespace Culvert.Ssh.Trust;

/// <summary>A host's key that was configured for one connection, beside all files of known hosts. Immutable.</summary>
/// <param name="Place">Where it stands, for messages.</param>
/// <param name="Key">The key.</param>
public sealed record PinnedHostKey(string Place, PublicKey Key)
{
    /// <summary>Reads a key in SSH2's form (RFC 4716), in OpenSSH's (<c>ssh-ed25519 AAAA…</c>), or its Base64 alone, broken into lines as it may be.</summary>
    /// <returns>False: it's none of these, or a key that can't be used.</returns>
    public static bool TryParse(string place, string text, [NotNullWhen(true)] out PinnedHostKey? pinned)
    {
        ArgumentNullException.ThrowIfNull(text);
        pinned = TryRead(text, out var key) ? new(place, key) : null;
        return pinned is not null;
    }

    /// <inheritdoc />
    public bool Equals(PinnedHostKey? other) => other is not null && Place == other.Place && Key.Blob.Span.SequenceEqual(other.Key.Blob.Span);

    /// <inheritdoc />
    public override int GetHashCode() => Place.GetHashCode(StringComparison.Ordinal);

    private static bool TryRead(string text, [NotNullWhen(true)] out PublicKey? key)
    {
        if (Ssh2Text.TryReadPublic(Encoding.UTF8.GetBytes(text), out key))
            return true;
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var base64 = words is [var type, var only, ..] && type.Contains('-', StringComparison.Ordinal) ? only : string.Concat(words);
        var blob = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, blob, out var length) && PublicKeys.TryParse(blob.AsSpan(0, length), out key);
    }
}
