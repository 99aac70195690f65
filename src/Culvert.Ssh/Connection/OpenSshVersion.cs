using System.Globalization;

namespace Culvert.Ssh.Connection;

/// <summary>Which OpenSSH the other side is, for what only helps with that program. Nothing may depend on it that must be true: the line is the peer's own word.</summary>
internal static class OpenSshVersion
{
    private const string Product = "OpenSSH_", Windows = "for_Windows_";

    /// <summary>Its number from a version line (RFC 4253 §4.2): <c>SSH-2.0-OpenSSH_9.2p1 Debian-2</c> is 9.2. Null: another program.</summary>
    public static (int Major, int Minor)? Of(string versionLine)
    {
        if (versionLine.IndexOf(Product, StringComparison.Ordinal) is not (>= 0 and var at))
            return null;
        var rest = versionLine.AsSpan(at + Product.Length);
        if (rest.StartsWith(Windows))
            rest = rest[Windows.Length..];
        var major = Number(ref rest);
        if (major is null || rest is not ['.', ..])
            return null;
        rest = rest[1..];
        return Number(ref rest) is { } minor ? (major.Value, minor) : null;
    }

    private static int? Number(ref ReadOnlySpan<char> text)
    {
        var length = text.IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : text.Length;
        var digits = text[..length];
        text = text[length..];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
