namespace Culvert.Ssh.Crypto;

/// <summary>How OpenSSH's PROTOCOL.certkeys names certificates: after the key or the signature algorithm, with a suffix.</summary>
internal static class CertificateNames
{
    private const string Suffix = "-cert-v01@openssh.com", Domain = "@openssh.com";

    /// <summary>Whether a type or an algorithm is a certificate's.</summary>
    public static bool IsCertificate(string name) => name.EndsWith(Suffix, StringComparison.Ordinal);

    /// <summary><c>ssh-ed25519</c> becomes <c>ssh-ed25519-cert-v01@openssh.com</c>, <c>sk-ssh-ed25519@openssh.com</c> becomes <c>sk-ssh-ed25519-cert-v01@openssh.com</c>.</summary>
    public static string Of(string plain) =>
        (plain.EndsWith(Domain, StringComparison.Ordinal) ? plain[..^Domain.Length] : plain) + Suffix;

    /// <summary>The name without what makes it a certificate's; any other name as it is.</summary>
    public static string Plain(string name)
    {
        if (!IsCertificate(name))
            return name;
        var plain = name[..^Suffix.Length];
        return plain.StartsWith("sk-", StringComparison.Ordinal) ? plain + Domain : plain;
    }
}
