using Culvert.Interop.Processes;

namespace Culvert.Interop.Servers;

/// <summary>How a test wants its FTP server.</summary>
internal sealed record FtpServerOptions
{
    public NetworkHost Host { get; init; } = NetworkHost.Here;

    public string ListenAddress { get; init; } = "127.0.0.1";

    /// <summary>The address in 227 replies when it isn't the one on which the client came: what makes a plain tunnel leak.</summary>
    public string? AdvertisedAddress { get; init; }

    /// <summary>Whether data connections may come from, and PORT may name, another address than the control connection's.</summary>
    public bool AcceptsForeignAddresses { get; init; }

    /// <summary>The only port for passive data connections (vsftpd alone): what a tunnel without rewriting needs to carry any.</summary>
    public int? PassivePort { get; init; }

    /// <summary>Further lines of proftpd.conf.</summary>
    public IReadOnlyList<string> ProFtpdConfiguration { get; init; } = [];

    /// <summary>Whether the server demands TLS on control and data connections, and that data resume the control connection's session where it can.</summary>
    public bool RequiresTls { get; init; }

    /// <summary>Whether TLS begins with the connection (vsftpd and ProFTPD); with <see cref="RequiresTls"/>.</summary>
    public bool BeginsWithTls { get; init; }

    /// <summary>Whether the server tells of sessions and transfers on its output (pyftpdlib).</summary>
    public bool Logs { get; init; }

    public bool IsIPv6 => ListenAddress.Contains(':', StringComparison.Ordinal);
}

/// <summary>
/// A real FTP server on a port of its own. Clients log in to <see cref="LoginFolder"/>; below it lies
/// <see cref="PublicFolder"/>, where they may read and write.
/// </summary>
internal abstract class FtpServer : IAsyncDisposable
{
    public const string Vsftpd = "vsftpd";
    public const string ProFtpd = "proftpd";
    public const string PureFtpd = "pure-ftpd";
    public const string PyFtpdlib = "pyftpdlib";

    /// <summary>Every server of the matrix.</summary>
    public static readonly string[] All = [Vsftpd, ProFtpd, PureFtpd, PyFtpdlib];

    /// <summary>The folder for files, as an FTP client names it after login.</summary>
    public const string PublicName = "pub";

    private ChildProcess? _process;

    protected FtpServer(FtpServerOptions options)
    {
        Options = options;
        Folder.MakeFolder("login");
        PublicFolder = Folder.MakeFolder(Path.Combine("login", PublicName), writable: true);
    }

    public FtpServerOptions Options { get; }

    public int Port { get; } = FreePort.Next();

    public abstract string User { get; }

    public abstract string Password { get; }

    public string LoginFolder => Folder["login"];

    public string PublicFolder { get; }

    /// <summary>Certificate and key of a server that speaks TLS, each in a file; the certificate is its own authority.</summary>
    public string Certificate => Folder["certificate.pem"];

    protected string CertificateKey => Folder["key.pem"];

    /// <summary>What the server said on its outputs.</summary>
    public string Output => _process?.Output ?? "";

    protected TemporaryFolder Folder { get; } = new();

    public static async Task<FtpServer> StartAsync(string name, CancellationToken cancellation, FtpServerOptions? options = null)
    {
        options ??= new FtpServerOptions();
        FtpServer server = name switch
        {
            Vsftpd => new VsftpdServer(options),
            ProFtpd => new ProFtpdServer(options),
            PureFtpd => new PureFtpdServer(options),
            PyFtpdlib => new PyFtpdlibServer(options),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such server"),
        };
        try
        {
            if (options.RequiresTls)
            {
                await server.MakeCertificateAsync(cancellation);
            }

            server._process = options.Host.Start(await server.PrepareAsync(cancellation));
            await Readiness.OfPortAsync(server._process, server.Port, cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts a file of random bytes where clients can fetch it.</summary>
    public string Offer(string name, int length) => RandomFile.Write(PathOf(name), length);

    /// <summary>Kills the processes of each session; the server itself goes on. For servers that have such processes.</summary>
    public void KillSessions()
    {
        foreach (var session in ProcessTable.DescendantsOf((_process ?? throw new InvalidOperationException("not started")).Id))
        {
            ProcessTable.Kill(session);
        }
    }

    public string PathOf(string name) => Path.Combine(PublicFolder, name);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Folder.Dispose();
    }

    private async Task MakeCertificateAsync(CancellationToken cancellation) => (await Command.RunAsync(
        new CommandLine(
            Peers.Require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=peer", "-addext", $"subjectAltName=DNS:ftp.test,IP:{Options.ListenAddress}", "-keyout", CertificateKey, "-out", Certificate),
        cancellation)).OrThrow();

    /// <summary>Writes the configuration and says what to run; the program must stay in the foreground.</summary>
    protected abstract Task<CommandLine> PrepareAsync(CancellationToken cancellation);
}
