using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Culvert.Net;

namespace Culvert.Ftp.Tls;

/// <summary>The side of TLS that FTP servers see: checks a certificate.</summary>
/// <param name="name">The name, or the address, that the certificate must hold; also what the server is asked for (SNI).</param>
/// <param name="trust">Which certificates are believed.</param>
/// <param name="newest">The newest version that is offered.</param>
/// <remarks>Thread-safe.</remarks>
public sealed class TlsClient(string name, TlsTrust trust, TlsVersion newest = TlsVersion.Tls12)
{
    internal string Name => name;

    internal SslProtocols Protocols { get; } = newest.Protocols();

    internal TlsTrust Trust => trust;

    /// <summary>For one control connection and the data connections that belong to it.</summary>
    internal TlsClientSession Begin() => new(this);
}

/// <summary>TLS of one control connection to a server and of its data connections, which resume its session: many servers refuse one that doesn't,
/// because whoever knows the session is who logged in (vsftpd's require_ssl_reuse, ProFTPD without NoSessionReuseRequired).</summary>
/// <remarks>Not thread-safe, except for <see cref="WrapData"/>.</remarks>
internal sealed class TlsClientSession : IDisposable
{
    private readonly TlsClient _client;
    private readonly TlsSessionName _name;
    private byte[]? _certificate;

    public TlsClientSession(TlsClient client)
    {
        _client = client;
        _name = TlsSessionName.Take(client.Name);
    }

    /// <summary>Why the server's certificate wasn't believed, when that was it; more than the library says.</summary>
    public string? Distrust { get; private set; }

    /// <summary>Encrypts the control connection. RFC 7301's <c>ftp</c> is offered, so that this handshake is good for no other protocol.</summary>
    public TlsDuplex WrapControl(Duplex server) => new(server, stream => stream.AuthenticateAsClientAsync(Options(IsTrusted, [new("ftp")])),
        e => Distrust ?? TlsFailure.Words(e));

    /// <summary>Encrypts a data connection, whoever dialled it: the FTP server is the server in TLS as well (RFC 4217 §7).</summary>
    public TlsDuplex WrapData(Duplex server) => new(server, stream => stream.AuthenticateAsClientAsync(Options(IsTheSame, null)), TlsFailure.Words);

    public void Dispose() => _name.Dispose();

    private SslClientAuthenticationOptions Options(RemoteCertificateValidationCallback check, List<SslApplicationProtocol>? protocols) => new()
    {
        TargetHost = _name.Spelling,
        EnabledSslProtocols = _client.Protocols,
        ApplicationProtocols = protocols,
        AllowRenegotiation = false,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        CertificateChainPolicy = _client.Trust.Policy(),
        RemoteCertificateValidationCallback = check,
    };

    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 shown)
        {
            Distrust = "the FTP server shows no certificate";
            return false;
        }
        Distrust = _client.Trust.Refuse(shown, chain, errors, _client.Name);
        if (Distrust is not null)
            return false;
        _certificate = shown.RawData;
        return true;
    }

    // Who holds the port of a data connection must hold the key of the control connection's certificate; that one has been checked.
    private bool IsTheSame(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        _certificate is not null && certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(_certificate);
}
