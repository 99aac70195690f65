using System.Buffers.Binary;
using System.Numerics;

namespace Culvert.Ssh.Keys;

/// <summary>Blowfish (Schneier, 1993) with the salted key schedule of bcrypt (Provos and Mazières, 1999), which no library exposes.
/// Only <see cref="BcryptPbkdf"/> uses it.</summary>
internal sealed class Blowfish
{
    private const int Rounds = 16;
    private const int SubkeyCount = Rounds + 2;
    private const int BoxWords = 4 * 256;

    private static readonly uint[] Pi = FractionOfPi(SubkeyCount + BoxWords);

    private readonly uint[] _subkeys = new uint[SubkeyCount];
    private readonly uint[] _boxes = new uint[BoxWords];

    /// <summary>Back to the initial state: the digits of pi.</summary>
    public void Reset()
    {
        Pi.AsSpan(0, SubkeyCount).CopyTo(_subkeys);
        Pi.AsSpan(SubkeyCount).CopyTo(_boxes);
    }

    /// <summary>Mixes a key into the state, with a salt or (bcrypt's <c>expand0state</c>) without one.</summary>
    public void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        var position = 0;
        for (var i = 0; i < _subkeys.Length; i++)
            _subkeys[i] ^= NextWord(key, ref position);

        position = 0;
        uint left = 0, right = 0;
        Replace(_subkeys, salt, ref position, ref left, ref right);
        Replace(_boxes, salt, ref position, ref left, ref right);
    }

    /// <summary>Enciphers one block of two words.</summary>
    public void Encipher(ref uint left, ref uint right)
    {
        // Plain arrays and no calls: a derivation comes through here two million times.
        var (boxes, subkeys) = (_boxes, _subkeys);
        var (l, r) = (left ^ subkeys[0], right);
        for (var i = 1; i <= Rounds; i += 2)
        {
            r ^= (((boxes[l >> 24] + boxes[256 + (l >> 16 & 0xff)]) ^ boxes[512 + (l >> 8 & 0xff)]) + boxes[768 + (l & 0xff)]) ^ subkeys[i];
            l ^= (((boxes[r >> 24] + boxes[256 + (r >> 16 & 0xff)]) ^ boxes[512 + (r >> 8 & 0xff)]) + boxes[768 + (r & 0xff)]) ^ subkeys[i + 1];
        }
        (left, right) = (r ^ subkeys[Rounds + 1], l);
    }

    /// <summary>The next four bytes of a text that is read in a circle.</summary>
    public static uint NextWord(ReadOnlySpan<byte> text, ref int position)
    {
        uint word = 0;
        for (var i = 0; i < 4; i++)
        {
            word = (word << 8) | text[position];
            position = (position + 1) % text.Length;
        }
        return word;
    }

    /// <summary>Wipes the state.</summary>
    public void Clear()
    {
        Array.Clear(_subkeys);
        Array.Clear(_boxes);
    }

    private void Replace(uint[] words, ReadOnlySpan<byte> salt, ref int position, ref uint left, ref uint right)
    {
        for (var i = 0; i < words.Length; i += 2)
        {
            if (!salt.IsEmpty)
            {
                left ^= NextWord(salt, ref position);
                right ^= NextWord(salt, ref position);
            }
            Encipher(ref left, ref right);
            (words[i], words[i + 1]) = (left, right);
        }
    }

    /// <summary>The tables are the binary digits of pi after the point: computing them (Machin: pi/4 = 4 arctan 1/5 - arctan 1/239) takes
    /// some tens of milliseconds once, and 1,042 constants that nobody can check by eye need not stand here.</summary>
    private static uint[] FractionOfPi(int words)
    {
        const int GuardBits = 64;   // Each of some 14,000 divisions errs by less than one unit.
        var bits = (words * 32) + GuardBits;
        var one = BigInteger.One << bits;
        var pi = 4 * ((4 * ArcTangentOfInverse(5, one)) - ArcTangentOfInverse(239, one));
        var digits = ((pi - (3 * one)) >> GuardBits).ToByteArray(isUnsigned: true, isBigEndian: true);

        var padded = new byte[words * 4];
        digits.CopyTo(padded.AsSpan(padded.Length - digits.Length));
        var result = new uint[words];
        for (var i = 0; i < words; i++)
            result[i] = BinaryPrimitives.ReadUInt32BigEndian(padded.AsSpan(i * 4));
        return result;
    }

    private static BigInteger ArcTangentOfInverse(int x, BigInteger one)
    {
        var power = one / x;
        var sum = power;
        for (var n = 3; !power.IsZero; n += 2)
        {
            power /= x * x;
            sum += (n & 2) != 0 ? -(power / n) : power / n;
        }
        return sum;
    }
}
