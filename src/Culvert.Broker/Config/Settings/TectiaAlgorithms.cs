using System.Collections.Frozen;

namespace Culvert.Broker.Config;

/// <summary>Names that SSH Tectia gave to algorithms before there was a standard for them. Pure.</summary>
public static class TectiaAlgorithms
{
    // What stands for them since: HMAC with SHA-2 (RFC 6668), RSA with SHA-2 (RFC 8332), the groups of RFC 8268.
    private static readonly FrozenDictionary<string, string> Standard = new Dictionary<string, string>
    {
        ["hmac-sha256-2@ssh.com"] = "hmac-sha2-256",
        ["hmac-sha256@ssh.com"] = "hmac-sha2-256",
        ["hmac-sha512@ssh.com"] = "hmac-sha2-512",
        ["diffie-hellman-group14-sha256@ssh.com"] = "diffie-hellman-group14-sha256",
        ["diffie-hellman-group16-sha512@ssh.com"] = "diffie-hellman-group16-sha512",
        ["diffie-hellman-group18-sha512@ssh.com"] = "diffie-hellman-group18-sha512",
        ["ssh-rsa-sha256@ssh.com"] = "rsa-sha2-256",
        ["ssh-rsa-sha512@ssh.com"] = "rsa-sha2-512",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A list as Tectia's users write one, with the names that the standards have. Its words are the same in upper and lower case.</summary>
    /// <param name="list">Names between commas.</param>
    public static string InStandardNames(string list)
    {
        ArgumentNullException.ThrowIfNull(list);
        return string.Join(',', list.ToLowerInvariant().Split(',').Select(name => Standard.GetValueOrDefault(name.Trim(), name)).Distinct(StringComparer.Ordinal));
    }
}
