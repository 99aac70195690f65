using System.Numerics;
using System.Security.Cryptography;
using Culvert.Ssh.Crypto;

namespace Culvert.Ssh.Keys;

/// <summary>Completes the numbers of an RSA key in OpenSSH's format, which leaves out the two exponents that .NET wants.</summary>
internal static class RsaPrivateNumbers
{
    /// <exception cref="KeyFileException">The numbers aren't those of an RSA key.</exception>
    public static RSA Create(
        ReadOnlySpan<byte> n, ReadOnlySpan<byte> e, ReadOnlySpan<byte> d, ReadOnlySpan<byte> inverse, ReadOnlySpan<byte> p, ReadOnlySpan<byte> q)
    {
        // Refuses weak and huge moduli before any arithmetic.
        RsaPublicKey.FromNumbers(n, e);
        var (primeP, primeQ, exponent) = (Number(p), Number(q), Number(d));
        if (primeP <= BigInteger.One || primeQ <= BigInteger.One || primeP * primeQ != Number(n))
            throw new KeyFileException("its numbers are not a key");
        var half = (n.Length + 1) / 2;
        var parameters = new RSAParameters
        {
            Modulus = n.ToArray(),
            Exponent = e.ToArray(),
            D = OpenSshPrivateKey.Fixed(d, n.Length),
            P = OpenSshPrivateKey.Fixed(p, half),
            Q = OpenSshPrivateKey.Fixed(q, half),
            DP = OpenSshPrivateKey.Fixed((exponent % (primeP - 1)).ToByteArray(true, true), half),
            DQ = OpenSshPrivateKey.Fixed((exponent % (primeQ - 1)).ToByteArray(true, true), half),
            InverseQ = OpenSshPrivateKey.Fixed(inverse, half),
        };
        try
        {
            return RSA.Create(parameters);
        }
        finally
        {
            foreach (var secret in (byte[][])[parameters.D, parameters.P, parameters.Q, parameters.DP, parameters.DQ, parameters.InverseQ])
                CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
