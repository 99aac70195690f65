using System.Security.Cryptography;
using System.Text;
using Culvert.Ssh.Crypto;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Ssh.Auth;

/// <summary>Whether this key may log in as this user. That the client holds the private half is checked apart.</summary>
public delegate ValueTask<bool> PublicKeyCheck(string user, PublicKey key, CancellationToken cancellationToken);

/// <summary>Whether this is the user's password. Compare in constant time.</summary>
public delegate ValueTask<bool> PasswordCheck(string user, string password, CancellationToken cancellationToken);

/// <summary>Whom a server lets in. Without any check it lets nobody in.</summary>
public sealed record ServerAuthenticationOptions
{
    /// <summary>OpenSSH's MaxAuthTries.</summary>
    public const int DefaultAttempts = 6;

    /// <summary>Checks keys; null: the method isn't offered.</summary>
    public PublicKeyCheck? PublicKey { get; init; }

    /// <summary>Checks passwords; null: the method isn't offered.</summary>
    public PasswordCheck? Password { get; init; }

    /// <summary>Sent before the first verdict.</summary>
    public string? Banner { get; init; }

    /// <summary>Refusals after which the connection ends, 1 or more. The question "none" isn't counted once.</summary>
    public int MaximumAttempts { get; init; } = DefaultAttempts;

    /// <summary>Where the engine's log goes.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>One user with one password, compared in constant time.</summary>
    public static PasswordCheck OnlyPassword(string user, string password)
    {
        var (expectedUser, expectedPassword) = (Hash(user), Hash(password));
        return (givenUser, givenPassword, _) => new(
            CryptographicOperations.FixedTimeEquals(Hash(givenUser), expectedUser)
            & CryptographicOperations.FixedTimeEquals(Hash(givenPassword), expectedPassword));
    }

    /// <summary>One user with any of some keys.</summary>
    public static PublicKeyCheck OnlyKeys(string user, params IEnumerable<PublicKey> keys)
    {
        var accepted = keys.ToList();
        return (givenUser, key, _) => new(givenUser == user && accepted.Any(k => k.IsSameKey(key)));
    }

    // Equal lengths make the comparison's time tell nothing of the length either.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
