using AesArm = System.Runtime.Intrinsics.Arm.Aes;
using AesX86 = System.Runtime.Intrinsics.X86.Aes;

namespace Culvert.Ssh.Crypto;

/// <summary>What an algorithm is for. The four lists of KEXINIT that people configure.</summary>
public enum AlgorithmKind
{
    /// <summary>Key exchange methods (<c>KexAlgorithms</c>).</summary>
    KeyExchange,
    /// <summary>Signature algorithms of host keys (<c>HostKeyAlgorithms</c>).</summary>
    HostKey,
    /// <summary>Ciphers (<c>Ciphers</c>).</summary>
    Cipher,
    /// <summary>Message authentication codes (<c>MACs</c>), for ciphers that bring none.</summary>
    Mac,
}

/// <summary>The one table of algorithms, each kind in order of preference. What is not here is not spoken.</summary>
internal static class Algorithms
{
    /// <summary>What was recorded today must not be read when there are quantum computers: the hybrids first. Then the fastest exchange and the one with
    /// the least to get wrong, the NIST curves, and for servers that have none of these Diffie-Hellman, in OpenSSH's order.</summary>
    private static readonly string[] KeyExchanges =
    [
        "mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com",
        "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
        "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
    ];

    private static readonly string[] HostKeys =
        ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"];

    /// <summary>With AES in hardware GCM is several times as fast as anything else here, and 128 bits a little faster than 256.
    /// Without it, AES in software is slow and leaks through the cache: ChaCha20 goes first.</summary>
    private static readonly string[] Ciphers = AesX86.IsSupported || AesArm.IsSupported
        ? ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"]
        : ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"];

    /// <summary>Encrypt-then-MAC first: the plain form must decrypt a length before it can tell whether it was forged.</summary>
    private static readonly string[] Macs =
        ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"];

    /// <summary>Names that OpenSSH knows and this engine does not speak, though there is nothing old about them. They are skipped
    /// where a user's <c>ssh_config</c> lists them, instead of being taken for typing errors.</summary>
    private static readonly HashSet<string> SpokenElsewhere = new(StringComparer.Ordinal)
    {
        "ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
        "ecdsa-sha2-nistp521-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com",
        "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
        "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
        "umac-64@openssh.com", "umac-128@openssh.com", "umac-64-etm@openssh.com", "umac-128-etm@openssh.com",
    };

    /// <summary>Parts of names that only algorithms older than SHA-2 have: SHA-1, MD5, CBC, RC4, DSA and their contemporaries.</summary>
    private static readonly string[] OldParts =
        ["sha1", "md5", "-cbc", "arcfour", "blowfish", "cast128", "3des", "ripemd", "ssh-dss", "ssh-rsa", "none"];

    /// <summary>All names of a kind, the preferred ones first.</summary>
    public static IReadOnlyList<string> Of(AlgorithmKind kind) => kind switch
    {
        AlgorithmKind.KeyExchange => KeyExchanges,
        AlgorithmKind.HostKey => HostKeys,
        AlgorithmKind.Cipher => Ciphers,
        _ => Macs,
    };

    /// <summary>Whether a name belongs to the age of SHA-1. <c>ssh-rsa</c> is one: as a signature algorithm it means SHA-1.</summary>
    public static bool IsOld(string name) => Array.Exists(OldParts, part => name.Contains(part, StringComparison.Ordinal));

    /// <summary>Whether a name is a sound algorithm that only OpenSSH's engine speaks.</summary>
    public static bool IsSpokenElsewhere(string name) => SpokenElsewhere.Contains(name);

    /// <summary>Whether a key exchange method withstands quantum computers, as far as is known.</summary>
    public static bool IsPostQuantum(string keyExchange) =>
        keyExchange.StartsWith("mlkem", StringComparison.Ordinal) || keyExchange.StartsWith("sntrup", StringComparison.Ordinal);

    /// <summary>Whether a cipher authenticates by itself, so that no MAC is negotiated for it.</summary>
    public static bool BringsItsOwnMac(string cipher) =>
        cipher.Contains("-gcm@", StringComparison.Ordinal) || cipher.StartsWith("chacha20-", StringComparison.Ordinal);
}
