using System.Security.Cryptography;

namespace Culvert.Ssh.Crypto;

/// <summary>Gives key material of a wanted length (RFC 4253 §7.2) for one of the purposes of one direction.</summary>
internal delegate byte[] KeyMaterial(KeyPurpose purpose, int length);

/// <summary>What derived key material is for.</summary>
internal enum KeyPurpose
{
    InitialVector,
    Encryption,
    Integrity,
}

/// <summary>Makes the cipher of a direction from its negotiated names.</summary>
internal static class PacketCipherFactory
{
    public static PacketCipher Create(DirectionAlgorithms algorithms, KeyMaterial material)
    {
        switch (algorithms.Cipher)
        {
            case "aes128-gcm@openssh.com":
                return Gcm(16, material);
            case "aes256-gcm@openssh.com":
                return Gcm(32, material);
            case "chacha20-poly1305@openssh.com":
                var key = material(KeyPurpose.Encryption, ChaCha20Poly1305Cipher.KeyLength);
                var chacha = new ChaCha20Poly1305Cipher(key);
                CryptographicOperations.ZeroMemory(key);
                return chacha;
            case "aes128-ctr":
                return Ctr(16, algorithms.Mac, material);
            case "aes192-ctr":
                return Ctr(24, algorithms.Mac, material);
            case "aes256-ctr":
                return Ctr(32, algorithms.Mac, material);
            default:
                throw new ArgumentException($"no such cipher: {algorithms.Cipher}", nameof(algorithms));
        }
    }

    private static AesGcmCipher Gcm(int keyLength, KeyMaterial material)
    {
        var key = material(KeyPurpose.Encryption, keyLength);
        var cipher = new AesGcmCipher(key, material(KeyPurpose.InitialVector, AesGcmCipher.NonceLength));
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private static PacketCipher Ctr(int keyLength, string? macName, KeyMaterial material)
    {
        var (hash, macKeyLength, encryptThenMac) = macName switch
        {
            "hmac-sha2-256" => (HashAlgorithmName.SHA256, 32, false),
            "hmac-sha2-512" => (HashAlgorithmName.SHA512, 64, false),
            "hmac-sha2-256-etm@openssh.com" => (HashAlgorithmName.SHA256, 32, true),
            "hmac-sha2-512-etm@openssh.com" => (HashAlgorithmName.SHA512, 64, true),
            _ => throw new ArgumentException($"no such MAC: {macName}", nameof(macName)),
        };
        var key = material(KeyPurpose.Encryption, keyLength);
        var macKey = material(KeyPurpose.Integrity, macKeyLength);
        var counter = new AesCounter(key, material(KeyPurpose.InitialVector, AesCounter.BlockLength));
        var mac = new PacketMac(hash, macKey);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(macKey);
        return encryptThenMac ? new AesCtrEtmCipher(counter, mac) : new AesCtrCipher(counter, mac);
    }
}
