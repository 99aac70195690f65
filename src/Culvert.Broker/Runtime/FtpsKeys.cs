using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Culvert.Broker.Config;
using Culvert.Ftp;
using Culvert.Ftp.Tls;
using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>Certificates, keys and trust of TLS in FTP, from files or made for the run.</summary>
internal static class FtpsKeys
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Server authentication, as clients look for it in a certificate (RFC 5280 §4.2.1.12).</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>A certificate made for the run holds as long as a run may last that nobody looks after.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(397);

    /// <summary>Clocks of clients may be behind.</summary>
    private static readonly TimeSpan Leeway = TimeSpan.FromDays(1);

    /// <summary>Whether the settings fit together and the files can be used.</summary>
    /// <exception cref="ConfigException">They don't, or can't.</exception>
    public static void Check(TunnelConfig tunnel)
    {
        var (ftp, said) = (tunnel.Ftp, tunnel.Ftps);
        if (ftp.Ftps == Ftps.Opaque && ftp.PassivePorts is null)
            throw new ConfigException("--ftps opaque needs --passive-ports", "name the range from which the FTP server takes its passive ports; the same ports are opened here");
        if (ftp is { Ftps: Ftps.Opaque, PassivePorts: { } range } && range.Last - range.First >= FtpRelayOptions.MaxOpaquePorts)
            throw new ConfigException($"--ftps opaque opens every port of {range}: too many", $"give the FTP server a range of at most {FtpRelayOptions.MaxOpaquePorts} ports");
        if (ftp.ImplicitTls && !ftp.Terminates && !ftp.Originates)
            throw new ConfigException("--ftps-implicit needs --ftps terminate, originate or both", "it says how TLS begins with whom Culvert speaks it");
        if (said.CertificateFile is not null && !ftp.Terminates)
            throw new ConfigException("--ftps-certificate needs --ftps terminate or both", "without it no client is shown a certificate");
        if ((said.ServerName ?? said.AuthoritiesFile ?? said.Fingerprint) is not null && !ftp.Originates)
            throw new ConfigException("--ftps-server-name, --ftps-ca and --ftps-fingerprint need --ftps originate or both", "without it no certificate is asked for");
        if (said.Fingerprint is not null && said.AuthoritiesFile is not null)
            throw new ConfigException("--ftps-ca and --ftps-fingerprint exclude each other", "a fingerprint names the one certificate that is believed");
        if (ftp.Terminates && said.CertificateFile is { } file)
            ReadCertificate(file, said.Newest);
        if (ftp.Originates)
            Trust(said);
    }

    /// <summary>The relay's options with what they need for TLS.</summary>
    /// <param name="tunnel">What is wanted.</param>
    /// <param name="services">The clock, and who is told the fingerprint of a certificate that was made.</param>
    /// <exception cref="ConfigException">A file can't be used.</exception>
    public static FtpRelayOptions Equip(TunnelConfig tunnel, BrokerServices services)
    {
        var ftp = tunnel.Ftp;
        if (ftp.Terminates)
            ftp = ftp with { ClientTls = tunnel.Ftps.CertificateFile is { } file ? ReadCertificate(file, tunnel.Ftps.Newest) : MakeCertificate(tunnel, services) };
        if (ftp.Originates)
            ftp = ftp with { ServerTls = new(tunnel.Ftps.ServerName ?? tunnel.Spec.DestinationHost, Trust(tunnel.Ftps), tunnel.Ftps.Newest) };
        if (ftp.Ftps == Ftps.Opaque)
            services.Reporter.Tell(OpaqueNote(tunnel, ftp.PassivePorts!.Value));
        return ftp;
    }

    private static Message OpaqueNote(TunnelConfig tunnel, PortRange range) => Message.Note(
        $"ftp to {tunnel.Spec.DestinationHost}: a session that begins TLS isn't read any more. Its data goes through the ports {range} of this machine, if the client connects there; " +
        "where it connects, whether files are whole, and whose they are is no longer seen here");

    private static TlsServer ReadCertificate(string file, TlsVersion newest)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) is var others and not UnixFileMode.None)
                throw new ConfigException($"Permissions for '{file}' are too open.", $"others may use this private key ({others}): chmod 600 {file}");
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(file);
            var certificate = Usable(X509Certificate2.CreateFromPemFile(file));
            all.RemoveAt(0);
            return new TlsServer(certificate, all, newest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ConfigException($"Can't use the certificate in '{file}': {FileCause.Of(e)}", "a PEM file with the certificate first, then its issuers, and the unencrypted private key");
        }
    }

    private static TlsTrust Trust(FtpsConfig said)
    {
        if (said.Fingerprint is { } fingerprint)
            return TlsTrust.Fingerprint(Convert.FromHexString(fingerprint));
        if (said.AuthoritiesFile is not { } file)
            return TlsTrust.System;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ConfigException($"Can't read the authorities in '{file}': {FileCause.Of(e)}", "a PEM file with one or more certificates");
        }
        return authorities.Count > 0 ? TlsTrust.Authorities(authorities) : throw new ConfigException($"No certificate in '{file}'", "a PEM file with one or more certificates");
    }

    private static TlsServer MakeCertificate(TunnelConfig tunnel, BrokerServices services)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        if (tunnel.Ftp.Advertise is { } advertised)
            names.AddIpAddress(advertised);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        var now = services.Time.GetUtcNow();
        var certificate = Usable(request.CreateSelfSigned(now - Leeway, now + Lifetime));
        services.Reporter.Tell(Message.Note($"FTP clients with TLS see a certificate made for this run: {TlsTrust.FingerprintOf(certificate)}"));
        return new TlsServer(certificate, [], tunnel.Ftps.Newest);
    }

    // SChannel takes no key that exists in memory only.
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
            return certificate;
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
