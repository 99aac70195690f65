using Culvert.Ftp.Tls;

namespace Culvert.Broker.Config;

/// <summary>Which certificate FTP clients are shown, and which certificates of FTP servers are believed.</summary>
public sealed record FtpsConfig
{
    /// <summary>A PEM file with a certificate, those between it and its root, and the private key; null: one is made for the run.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The name that the FTP server's certificate must hold; null: the tunnel's destination.</summary>
    public string? ServerName { get; init; }

    /// <summary>A PEM file with the authorities that are believed in place of the system's.</summary>
    public string? AuthoritiesFile { get; init; }

    /// <summary>SHA-256 of the only certificate that is believed, in hexadecimal digits; null: it goes by authority and name.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The newest version of TLS, on either side.</summary>
    public TlsVersion Newest { get; init; } = TlsVersion.Tls12;

    /// <summary>Reads a fingerprint as programs write it: with or without <c>SHA256:</c>, and colons between the bytes.</summary>
    /// <exception cref="ConfigException">It can't be one.</exception>
    public static string ReadFingerprint(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var digits = (text.StartsWith("SHA256:", StringComparison.OrdinalIgnoreCase) ? text[7..] : text).Replace(":", "", StringComparison.Ordinal);
        return digits.Length == 64 && digits.All(char.IsAsciiHexDigit)
            ? digits.ToUpperInvariant()
            : throw new ConfigException($"Bad fingerprint '{text}'", "say the SHA-256 of the certificate in 64 hexadecimal digits (openssl x509 -noout -fingerprint -sha256)");
    }
}
