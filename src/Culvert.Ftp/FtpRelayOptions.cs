using System.Net;
using Culvert.Ftp.Tls;
using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>What becomes of a client's PORT or EPRT.</summary>
public enum ActiveMode
{
    /// <summary>The server is asked for passive mode, and the relay connects to the client. Works with every server and needs no right to listen on the far side.</summary>
    Convert,
    /// <summary>As <see cref="Convert"/>; and as <see cref="Forward"/> where the server refuses every passive mode, for clients that ask for passive mode too.</summary>
    Auto,
    /// <summary>The relay listens on the far side and names that address to the server. The FTP server must reach it: by default, be on the far machine itself.</summary>
    Forward,
}

/// <summary>Where the server's data connections are sought.</summary>
public enum DataAddress
{
    /// <summary>At the configured host, whatever a reply says: a server can't lead the relay to other machines.</summary>
    Destination,
    /// <summary>At the address in the server's 227, if it's one of <see cref="FtpRelayOptions.DataHosts"/>: for servers that keep their data on
    /// another machine. A 229 names none, and means the configured host.</summary>
    Reply,
}

/// <summary>What becomes of TLS in FTP (AUTH TLS, RFC 4217). SSH encrypts already; this is for clients and servers that insist.</summary>
public enum Ftps
{
    /// <summary>AUTH is refused, and FEAT doesn't offer it.</summary>
    Refuse,
    /// <summary>A client that asks for TLS speaks it with the relay, which shows a certificate of its own. Others go on without.</summary>
    Terminate,
    /// <summary>The relay speaks TLS to the server, and passes nothing without; the client speaks plain FTP.</summary>
    Originate,
    /// <summary><see cref="Terminate"/> and <see cref="Originate"/>.</summary>
    Both,
    /// <summary>AUTH is passed. When the server agrees, client and server are alone: nothing is read or rewritten any more, and their data connections go through the
    /// ports of <see cref="FtpRelayOptions.PassivePorts"/>.</summary>
    Opaque,
}

/// <summary>How FTP is relayed. Immutable; one record serves any number of sessions.</summary>
public sealed record FtpRelayOptions
{
    /// <summary>What the caller calls this relay, for <see cref="TransferSession.Profile"/>; may be empty.</summary>
    public string Profile { get; init; } = "";

    /// <summary>What becomes of PORT and EPRT.</summary>
    public ActiveMode Active { get; init; } = ActiveMode.Convert;

    /// <summary>Where data is sought in passive mode.</summary>
    public DataAddress DataAddress { get; init; } = DataAddress.Destination;

    /// <summary>For <see cref="DataAddress.Reply"/>: the only addresses that may be named in a 227.</summary>
    public IReadOnlyList<IPNetwork> DataHosts { get; init; } = [];

    /// <summary>The name that the server reads in HOST (RFC 7151), whatever the client says: clients of a tunnel say <c>localhost</c>, which
    /// is no virtual host of anybody. Null: what the client says.</summary>
    public string? HostName { get; init; }

    /// <summary>The address written into 227 replies when it is not the one that the data listener is bound to (IPv4). Without it, and where the
    /// address that the client dialled is not known, loopback is bound and named.</summary>
    public IPAddress? Advertise { get; init; }

    /// <summary>Ports for near data listeners, both ends included; null lets the network choose. For <see cref="Ftps.Opaque"/>: the server's own passive range, of
    /// which each port is open here while such a session lasts, and leads to the same port of the destination.</summary>
    public PortRange? PassivePorts { get; init; }

    /// <summary>What becomes of TLS in FTP.</summary>
    public Ftps Ftps { get; init; } = Ftps.Refuse;

    /// <summary>The largest <see cref="PassivePorts"/> for <see cref="Ftps.Opaque"/>: each port is a listening socket. Ranges that were made for a firewall are far smaller.</summary>
    public const int MaxOpaquePorts = 1000;

    /// <summary>TLS begins with the connection, and not with AUTH, on each side that has it (implicit FTPS, as on port 990). For <see cref="Ftps.Terminate"/>,
    /// <see cref="Ftps.Originate"/> and <see cref="Ftps.Both"/>; a client without TLS isn't served then.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>TLS with clients; needed for <see cref="Ftps.Terminate"/> and <see cref="Ftps.Both"/>.</summary>
    public TlsServer? ClientTls { get; init; }

    /// <summary>TLS with the server; needed for <see cref="Ftps.Originate"/> and <see cref="Ftps.Both"/>.</summary>
    public TlsClient? ServerTls { get; init; }

    /// <summary>A TLS handshake on a control connection must be done within this time: programs do it, and nobody types.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For <see cref="ActiveMode.Forward"/>: where the far side listens, and so the address that the server is told. Null is loopback, of
    /// the family of the destination when that is a literal.</summary>
    public IPAddress? ActiveAddress { get; init; }

    /// <summary>Data connections may use ports below <see cref="FtpPolicy.LowestDataPort"/>, as some mainframes' do. Off, because such a port
    /// is a service of the system everywhere else.</summary>
    public bool PrivilegedDataPorts { get; init; }

    /// <summary>The next passive port is asked for behind each download's command, so that a client which fetches many files waits a round trip a file less. Off, because it
    /// opens ports that may never be used. Does nothing with servers other than vsftpd, which alone is known to take one command after the other, nor with TLS.</summary>
    public bool PassivePrefetch { get; init; }

    /// <summary>Commands that the relay doesn't know are answered with 502. They pass otherwise: servers have many of their own, and
    /// whatever is said, only a reply to a known command can set up a data connection.</summary>
    public bool RefuseUnknownCommands { get; init; }

    /// <summary>The control connection to the FTP server must stand within this time; otherwise the client reads 421.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A data connection, to the server or to the client's PORT address, must stand within this time.</summary>
    public TimeSpan DataDialTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>So long may a client take to connect after a 227 or 229. vsftpd gives its clients the same.</summary>
    public TimeSpan DataListenTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>STOR, STOU and APPE wait so long for the client's data socket; then they go out for clients that connect only after the 150.
    /// On one machine a client that connects first needs milliseconds.</summary>
    public TimeSpan UploadHold { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When the server ended the data of a download, its final reply must come within this time; otherwise the client's data socket is
    /// reset. Generous, because some servers flush, or compute checksums, first.</summary>
    public TimeSpan VerdictTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A server whose client has aborted a transfer gets so long to say something; then its data connection is cut. Long enough for the
    /// round trip of any link; the client is waiting.</summary>
    public TimeSpan AbortTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A final reply waits for its data so long without the client taking a byte; then it is passed on, for clients that wait for it before
    /// they read. Where it is the server's data that doesn't come, the wait is <see cref="VerdictTimeout"/>, and ends in a reset.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A client must have logged in within this time after the server could be reached. People type passwords slowly; a connection that
    /// nobody uses should not keep one of the few sessions that FTP servers allow an address (ProFTPD gives 300 seconds, vsftpd 300).</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>A command line that was begun must be ended within this time: programs send a line as a whole, and nobody types for so long.</summary>
    public TimeSpan LineTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A client that says nothing for so long, without a transfer, is told 421. Infinite: that is the server's to decide.</summary>
    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>A reply line that was begun must be ended within this time. The network may stall in the middle of one, and the SSH link notices
    /// in less than a minute when it's dead; a server that still sends no line feed never will.</summary>
    public TimeSpan ReplyLineTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A client or server that takes no byte of the dialogue for so long is cut off. As long as FTP lets connections idle at least
    /// (RFC 1123 §4.1.3.2): a client that was stopped for a moment comes back.</summary>
    public TimeSpan ControlWriteTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>At shutdown, transfers that run get so long to end.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The words in which a failure is told to an FTP client: cause, and a hint where there is one; one line, no reply code. Null: the
    /// failure's own text. Only the caller knows what the networks are.</summary>
    public Func<Failure, string>? Explain { get; init; }

    /// <summary>For tests only: pass PASV, EPSV, PORT, EPRT and their replies as they come, as a plain tunnel does. Shows that the tests can see a leak.</summary>
    internal bool RewritingOff { get; init; }

    /// <summary>Whether clients may have TLS with the relay.</summary>
    public bool Terminates => Ftps is Ftps.Terminate or Ftps.Both;

    /// <summary>Whether the server is spoken to in TLS only.</summary>
    public bool Originates => Ftps is Ftps.Originate or Ftps.Both;

    /// <summary>The words for a failure.</summary>
    internal string Words(Failure failure) => Explain?.Invoke(failure) ?? failure.Text;
}
