using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Trust;

/// <summary>What a line's marker says of its key.</summary>
internal enum KnownHostsMarker
{
    None,
    /// <summary><c>@revoked</c>: never to be accepted.</summary>
    Revoked,
    /// <summary><c>@cert-authority</c>: signs hosts' certificates and is itself no host's key.</summary>
    CertificateAuthority,
}

/// <summary>A line of a known_hosts file that names a key.</summary>
internal sealed record KnownHostsLine(string Path, int Number, KnownHostsMarker Marker, string Hosts, string KeyType, ReadOnlyMemory<byte> Blob)
{
    /// <summary><c>file:line</c></summary>
    public string Place => Removal is null ? FormattableString.Invariant($"{Path}:{Number}") : Path;

    /// <summary>How it is removed, when it's no line of a known_hosts file; null: it is one.</summary>
    public string? Removal { get; init; }

    /// <summary>The word for the key's type in messages.</summary>
    public string ShortType => KeyTypeNames.Short(KeyType);

    /// <summary>Null: the line is empty or a comment. A key of a type that we can't use is still a line: it counts as another key of that host.</summary>
    /// <exception cref="FormatException">It can't be read; the message says why.</exception>
    public static KnownHostsLine? Parse(string path, int number, string text)
    {
        var words = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 0 || words[0].StartsWith('#'))
            return null;
        var marker = words[0] switch
        {
            "@revoked" => KnownHostsMarker.Revoked,
            "@cert-authority" => KnownHostsMarker.CertificateAuthority,
            ['@', ..] => throw new FormatException("unknown marker"),
            _ => KnownHostsMarker.None,
        };
        if (marker != KnownHostsMarker.None)
            words = words[1..];
        if (words.Length < 3)
            throw new FormatException("host names, a key type and a key are expected");

        var blob = new byte[words[2].Length];
        if (!Convert.TryFromBase64String(words[2], blob, out var length))
            throw new FormatException("the key is not Base64");
        return new(path, number, marker, words[0], ReadType(blob.AsSpan(0, length), words[1]), blob.AsMemory(0, length));
    }

    private static string ReadType(ReadOnlySpan<byte> blob, string named)
    {
        try
        {
            return new SshReader(blob, "key").Text("type") is var type && type == named
                ? type
                : throw new FormatException("the key is of another type than the line says");
        }
        catch (SshProtocolException e)
        {
            throw new FormatException("the key is damaged", e);
        }
    }
}
