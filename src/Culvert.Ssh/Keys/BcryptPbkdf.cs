using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Culvert.Ssh.Keys;

/// <summary>OpenBSD's <c>bcrypt_pbkdf</c>, the key derivation of OpenSSH's key files: PBKDF2 with bcrypt for its hash, and its output
/// dealt out in strides so that every part of the key costs the whole work.</summary>
internal static class BcryptPbkdf
{
    /// <summary>One round takes about 10 ms for a cipher key; ssh-keygen writes 16 or 24 and the careful ask for hundreds. More than
    /// this (most of a minute) in a file serves nobody who has to type the passphrase.</summary>
    public const int MaximumRounds = 4096;

    private const int HashLength = 32;

    /// <summary>Derives <paramref name="output"/>.Length bytes. Takes about 5 ms for each round and each 32 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Rounds outside 1 to <see cref="MaximumRounds"/>.</exception>
    public static void Derive(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int rounds, Span<byte> output, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rounds, MaximumRounds);

        var blocks = (output.Length + HashLength - 1) / HashLength;
        var blowfish = new Blowfish();
        Span<byte> hashedPassphrase = stackalloc byte[SHA512.HashSizeInBytes];
        Span<byte> hashedSalt = stackalloc byte[SHA512.HashSizeInBytes];
        Span<byte> hash = stackalloc byte[HashLength];
        Span<byte> sum = stackalloc byte[HashLength];
        try
        {
            SHA512.HashData(passphrase, hashedPassphrase);
            for (var block = 0; block < blocks; block++)
            {
                var counted = new byte[salt.Length + 4];
                salt.CopyTo(counted);
                BinaryPrimitives.WriteInt32BigEndian(counted.AsSpan(salt.Length), block + 1);
                SHA512.HashData(counted, hashedSalt);
                Hash(blowfish, hashedPassphrase, hashedSalt, hash);
                hash.CopyTo(sum);
                for (var round = 1; round < rounds; round++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    SHA512.HashData(hash, hashedSalt);
                    Hash(blowfish, hashedPassphrase, hashedSalt, hash);
                    for (var i = 0; i < HashLength; i++)
                        sum[i] ^= hash[i];
                }
                // Byte i of this block goes to place i × blocks + block.
                for (var i = 0; i < HashLength && (i * blocks) + block < output.Length; i++)
                    output[(i * blocks) + block] = sum[i];
            }
        }
        finally
        {
            blowfish.Clear();
            CryptographicOperations.ZeroMemory(hashedPassphrase);
            CryptographicOperations.ZeroMemory(hash);
            CryptographicOperations.ZeroMemory(sum);
        }
    }

    private static void Hash(Blowfish blowfish, ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, Span<byte> output)
    {
        blowfish.Reset();
        blowfish.Expand(passphrase, salt);
        for (var i = 0; i < 64; i++)
        {
            blowfish.Expand(salt, default);
            blowfish.Expand(passphrase, default);
        }

        var text = "OxychromaticBlowfishSwatDynamite"u8;
        var position = 0;
        for (var block = 0; block < HashLength / 8; block++)
        {
            var left = Blowfish.NextWord(text, ref position);
            var right = Blowfish.NextWord(text, ref position);
            for (var i = 0; i < 64; i++)
                blowfish.Encipher(ref left, ref right);
            // bcrypt reads big-endian words and writes little-endian ones.
            BinaryPrimitives.WriteUInt32LittleEndian(output[(block * 8)..], left);
            BinaryPrimitives.WriteUInt32LittleEndian(output[((block * 8) + 4)..], right);
        }
    }
}
