using Culvert.Ssh.Trust;

namespace Culvert.Ssh.Crypto;

/// <summary>Whether a certificate is a host's, by OpenSSH's rules and in its words. Whether its authority is believed is asked before.</summary>
internal static class CertificateCheck
{
    /// <summary>Null when all is well, otherwise why the certificate doesn't count.</summary>
    /// <param name="certificate">What the host showed.</param>
    /// <param name="host">The host's name, or its alias, in lower case and without a port.</param>
    /// <param name="now">The time.</param>
    /// <param name="signatures">The algorithms by which an authority may have signed it.</param>
    public static string? Objection(Certificate certificate, string host, DateTimeOffset now, IReadOnlyList<string> signatures)
    {
        var seconds = (ulong)Math.Max(0, now.ToUnixTimeSeconds());
        if (!certificate.IsSigned)
            return "Certificate invalid: its signature is wrong, or by an algorithm that is not accepted";
        if (certificate.Kind != CertificateKind.Host)
            return "Certificate invalid: not a host certificate";
        if (seconds < certificate.ValidAfter)
            return "Certificate invalid: not yet valid";
        if (seconds >= certificate.ValidBefore)
            return "Certificate invalid: expired";
        if (certificate.Principals.Count > 0 && !certificate.Principals.Any(pattern => HostNames.MatchPattern(pattern, host)))
            return "Certificate invalid: name is not a listed principal";
        // A critical option is a condition. There is none for hosts, and one that nobody knows can't be met.
        if (certificate.CriticalOptions.Count > 0)
            return "Certificate for host contains unsupported critical options(s)";
        return signatures.Contains(certificate.SignatureAlgorithm) ? null : "Certificate signed with disallowed algorithm";
    }
}
