using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>Keys from the secret K and the exchange hash H (RFC 4253 §7.2):
/// K1 = HASH(K || H || X || session_id), K2 = HASH(K || H || K1), K3 = HASH(K || H || K1 || K2) …
/// where X is <c>A</c>/<c>B</c> for initial vectors, <c>C</c>/<c>D</c> for encryption and <c>E</c>/<c>F</c> for integrity keys, client to server first.</summary>
internal sealed class KeyDerivation(HashAlgorithmName hash, byte[] encodedSecret, byte[] exchangeHash, byte[] sessionId) : IDisposable
{
    /// <summary>The material for one direction.</summary>
    public KeyMaterial For(bool clientToServer) => (purpose, length) => Derive((byte)('A' + 2 * (int)purpose + (clientToServer ? 0 : 1)), length);

    /// <summary>The first <paramref name="length"/> bytes for a letter. The caller wipes them.</summary>
    public byte[] Derive(byte letter, int length)
    {
        using var hasher = IncrementalHash.CreateHash(hash);
        var size = hasher.HashLengthInBytes;
        var all = new byte[(length + size - 1) / size * size];
        for (var at = 0; at < all.Length; at += size)
        {
            hasher.AppendData(encodedSecret);
            hasher.AppendData(exchangeHash);
            if (at == 0)
            {
                hasher.AppendData([letter]);
                hasher.AppendData(sessionId);
            }
            else
            {
                hasher.AppendData(all.AsSpan(0, at));
            }
            hasher.GetHashAndReset(all.AsSpan(at, size));
        }
        if (all.Length == length)
            return all;
        var wanted = all[..length];
        CryptographicOperations.ZeroMemory(all);
        return wanted;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(encodedSecret);
}
