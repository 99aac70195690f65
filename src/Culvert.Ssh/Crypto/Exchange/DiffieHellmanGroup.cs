using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;

namespace Culvert.Ssh.Crypto;

/// <summary>A group for Diffie-Hellman: integers modulo a safe prime.</summary>
/// <param name="Prime">p, with (p − 1) / 2 prime too.</param>
/// <param name="Generator">g.</param>
internal sealed record DiffieHellmanGroup(BigInteger Prime, BigInteger Generator)
{
    /// <summary>Smaller primes are within reach of those who have the means (RFC 9142 §3).</summary>
    public const int MinimumBits = 2048;

    /// <summary>As OpenSSH: an exponentiation with more takes a server too long to be worth having.</summary>
    public const int MaximumBits = 8192;

    /// <summary>RFC 3526 §3, §5, §7.</summary>
    public static DiffieHellmanGroup Group14 => new(DHStandardGroups.rfc3526_2048);

    /// <inheritdoc cref="Group14"/>
    public static DiffieHellmanGroup Group16 => new(DHStandardGroups.rfc3526_4096);

    /// <inheritdoc cref="Group14"/>
    public static DiffieHellmanGroup Group18 => new(DHStandardGroups.rfc3526_8192);

    private DiffieHellmanGroup(DHParameters parameters) : this(parameters.P, parameters.G)
    {
    }

    /// <summary>Whether a group that a peer chose can be meant: an odd prime's size and a generator that isn't trivial. That the number is a safe prime
    /// can't be tested in reasonable time; the server signs its choice with its host key.</summary>
    public bool IsPlausible => Prime.SignValue > 0 && Prime.TestBit(0) && Prime.BitLength is >= MinimumBits and <= MaximumBits
        && IsPublicValue(Generator);

    /// <summary>RFC 4253 §8: 1 &lt; value &lt; p − 1; what lies outside would make the secret known. As OpenSSH: not a power of two near the edges either.</summary>
    public bool IsPublicValue(BigInteger value) => value.CompareTo(BigInteger.One) > 0 && value.CompareTo(Prime.Subtract(BigInteger.One)) < 0;
}
