using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Culvert.Net;

namespace Culvert.Ftp.Tls;

/// <summary>The side of TLS that FTP clients see: shows a certificate. In FTP it is the server's side of data connections too, whoever dials.</summary>
/// <remarks>Thread-safe. No renegotiation. A client that says what it wants to speak (ALPN, RFC 7301) and isn't an FTP client is turned away: a
/// browser can't be led to talk to this port by way of another server's name (ALPACA).</remarks>
public sealed class TlsServer
{
    private static readonly SslApplicationProtocol[] ControlProtocols = [new("ftp")];

    // What FileZilla offers on data connections.
    private static readonly SslApplicationProtocol[] DataProtocols = [new("ftp-data"), new("ftp")];

    private readonly SslStreamCertificateContext _certificate;
    private readonly SslProtocols _protocols;

    /// <param name="certificate">With its private key.</param>
    /// <param name="chain">The authorities between it and a root, to be sent along; may be empty.</param>
    /// <param name="newest">The newest version that is spoken.</param>
    public TlsServer(X509Certificate2 certificate, X509Certificate2Collection chain, TlsVersion newest = TlsVersion.Tls12)
    {
        _certificate = SslStreamCertificateContext.Create(certificate, chain, offline: true);
        _protocols = newest.Protocols();
    }

    internal TlsDuplex Wrap(Duplex client, bool data) => new(client, stream => stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
    {
        ServerCertificateContext = _certificate,
        EnabledSslProtocols = _protocols,
        ApplicationProtocols = [.. data ? DataProtocols : ControlProtocols],
        AllowRenegotiation = false,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
    }), TlsFailure.Words);
}
