using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Culvert.Net;

namespace Culvert.Ssh.Trust;

/// <summary>Host names as known_hosts writes and matches them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).</summary>
internal static class HostNames
{
    private const int DefaultPort = 22;
    private const string HashedPrefix = "|1|";

    /// <summary><c>host</c>, or <c>[host]:port</c> when the port isn't 22; in lower case.</summary>
    public static string Of(Endpoint server)
    {
        var host = server.Host.ToLowerInvariant();
        return server.Port == DefaultPort ? host : string.Create(CultureInfo.InvariantCulture, $"[{host}]:{server.Port}");
    }

    /// <summary>Whether the name may stand in a file: nothing in it is a pattern, a separator or the beginning of another line.</summary>
    public static bool IsWritable(string name) =>
        name.Length is > 0 and <= 512 && name.All(c => c is > ' ' and < '\x7f' and not (',' or '*' or '?' or '!' or '|' or '@' or '#' or '"' or '\\'));

    public static bool IsHashed(string hosts) => hosts.StartsWith(HashedPrefix, StringComparison.Ordinal);

    /// <summary>Whether the first field of a line means this host: a hash, or patterns joined by commas of which one matches and no negated one does.</summary>
    public static bool Match(string hosts, string name)
    {
        if (IsHashed(hosts))
            return MatchHash(hosts, name);
        var matched = false;
        foreach (var pattern in hosts.Split(','))
        {
            var negated = pattern.StartsWith('!');
            if (!MatchPattern(negated ? pattern.AsSpan(1) : pattern, name))
                continue;
            if (negated)
                return false;
            matched = true;
        }
        return matched;
    }

    /// <summary><c>|1|salt|hash</c> with a fresh salt.</summary>
    public static string Hash(string name)
    {
        var salt = RandomNumberGenerator.GetBytes(HMACSHA1.HashSizeInBytes);
        return $"{HashedPrefix}{Convert.ToBase64String(salt)}|{Convert.ToBase64String(HashWith(salt, name))}";
    }

    private static bool MatchHash(string hosts, string name)
    {
        var parts = hosts[HashedPrefix.Length..].Split('|');
        Span<byte> salt = stackalloc byte[64];
        Span<byte> hash = stackalloc byte[64];
        return parts.Length == 2
            && Convert.TryFromBase64String(parts[0], salt, out var saltLength)
            && Convert.TryFromBase64String(parts[1], hash, out var hashLength)
            && HashWith(salt[..saltLength], name).AsSpan().SequenceEqual(hash[..hashLength]);
    }

#pragma warning disable CA5350 // The file format is HMAC-SHA1. It hides names from a casual reader; no trust rests on it.
    private static byte[] HashWith(ReadOnlySpan<byte> salt, string name) => HMACSHA1.HashData(salt, Encoding.UTF8.GetBytes(name));
#pragma warning restore CA5350

    /// <summary><c>*</c> any characters, <c>?</c> one; without regard to case. Takes time in proportion to the product of the lengths at worst.</summary>
    public static bool MatchPattern(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        var (p, n, star, retry) = (0, 0, -1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
                (star, retry) = (p++, n);
            else if (p < pattern.Length && (pattern[p] == '?' || char.ToLowerInvariant(pattern[p]) == name[n]))
                (p, n) = (p + 1, n + 1);
            else if (star >= 0)
                (p, n) = (star + 1, ++retry);
            else
                return false;
        }
        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }
}
