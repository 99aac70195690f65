using System.Security.Authentication;

namespace Culvert.Ftp.Tls;

/// <summary>The newest version of TLS that is spoken; none older than 1.2 ever is.</summary>
/// <remarks>
/// FTP doesn't go well with 1.3, which sends session tickets of its own accord after the handshake (RFC 8446 §4.6.1). An FTP client that only uploads doesn't read them; when it
/// closes then, its system resets the connection, and the end of the file is lost (seen with lftp 4.9). And a ticket is good for one connection: after an upload that
/// ended before the server's next ticket came, there is none left, and servers that demand the session refuse the next data connection (seen with ProFTPD 1.3.8).
/// In 1.2 a session is part of the handshake, and lasts.
/// </remarks>
public enum TlsVersion
{
    /// <summary>TLS 1.2 (RFC 5246).</summary>
    Tls12,
    /// <summary>TLS 1.3 (RFC 8446), and 1.2.</summary>
    Tls13,
}

/// <summary>Versions as .NET names them.</summary>
internal static class TlsVersions
{
    public static SslProtocols Protocols(this TlsVersion newest) =>
        newest == TlsVersion.Tls13 ? SslProtocols.Tls12 | SslProtocols.Tls13 : SslProtocols.Tls12;
}
