using System.Security.Cryptography;
using System.Text;

namespace Culvert.Demo;

/// <summary>A user name and a password that exist for one run.</summary>
internal sealed class Credentials(string user, string password)
{
    /// <summary>96 bits: more than anybody can try against a server that lives for minutes and closes after three wrong ones.</summary>
    private const int PasswordBytes = 12;

    /// <summary>The name, not secret.</summary>
    public string User { get; } = user;

    /// <summary>The password. It is shown on the terminal of the person who started the demo and nowhere else.</summary>
    public string Password { get; } = password;

    /// <summary>Fresh ones. The password is hexadecimal, so that it can be pasted into a URL and a shell.</summary>
    public static Credentials Create(string user) => new(user, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes)));

    /// <summary>Whether both are right, in a time that doesn't depend on which characters are.</summary>
    public bool Match(string user, string password) =>
        CryptographicOperations.FixedTimeEquals(Digest(User), Digest(user)) & CryptographicOperations.FixedTimeEquals(Digest(Password), Digest(password));

    /// <summary>The user name only.</summary>
    public override string ToString() => User;

    // Equal lengths, whatever was typed.
    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
