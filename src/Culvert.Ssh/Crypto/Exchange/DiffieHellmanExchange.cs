using System.Security.Cryptography;
using Org.BouncyCastle.Math;

namespace Culvert.Ssh.Crypto;

/// <summary><c>diffie-hellman-group14-sha256</c>, <c>-group16-sha512</c>, <c>-group18-sha512</c> (RFC 8268; messages of RFC 4253 §8, where the public
/// values are <c>mpint</c>: on the wire a string that holds a number).</summary>
internal class DiffieHellmanExchange(DiffieHellmanGroup? group, HashAlgorithmName hash) : KeyExchange(hash)
{
    /// <summary>Bits of the private exponent: twice the strength of the strongest cipher (RFC 4419 §6.2 wants at least twice the key's length).</summary>
    private const int ExponentBits = 512;

    /// <summary>A public value whose binary form has fewer ones is an accident that doesn't happen, or an attack (OpenSSH's check).</summary>
    private const int FewestOnes = 4;

    private BigInteger? _private;

    /// <summary>The group; methods that agree upon one set it before the public values are made.</summary>
    protected DiffieHellmanGroup? Group { get; set; } = group;

    protected override byte[] GenerateKeyPair() => MakePublic();

    public override byte[] Complete(ReadOnlySpan<byte> serverPublic) => Agree(serverPublic);

    public override (byte[] ServerPublic, byte[] EncodedSecret) Answer(ReadOnlySpan<byte> clientPublic)
    {
        var own = MakePublic();
        return (own, Agree(clientPublic));
    }

    // Numbers of this library are immutable and can't be wiped.
    public override void Dispose() => _private = null;

    /// <summary>A number of the peer's, which must be written as RFC 4251 §5 wants it.</summary>
    protected static BigInteger ReadNumber(ReadOnlySpan<byte> mpint)
    {
        if (mpint.IsEmpty || mpint[0] >= 0x80 || (mpint[0] == 0 && (mpint.Length == 1 || mpint[1] < 0x80)))
            throw Unacceptable("a number is negative, zero, or has leading zeros");
        return new BigInteger(1, mpint);
    }

    private DiffieHellmanGroup Known => Group ?? throw new InvalidOperationException("no group has been agreed upon");

    private byte[] MakePublic()
    {
        var (group, bytes) = (Known, new byte[ExponentBits / 8]);
        while (true)
        {
            RandomNumberGenerator.Fill(bytes);
            _private = new BigInteger(1, bytes);
            CryptographicOperations.ZeroMemory(bytes);
            var value = group.Generator.ModPow(_private, group.Prime);
            if (group.IsPublicValue(value) && value.BitCount >= FewestOnes)
                return value.ToByteArray();
        }
    }

    private byte[] Agree(ReadOnlySpan<byte> theirs)
    {
        var group = Known;
        var value = ReadNumber(theirs);
        if (!group.IsPublicValue(value) || value.BitCount < FewestOnes)
            throw Unacceptable("the public value lies outside its group");
        var secret = value.ModPow(_private!, group.Prime).ToByteArrayUnsigned();
        try
        {
            return EncodeMpInt(secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
