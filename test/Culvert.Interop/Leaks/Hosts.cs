using Culvert.Interop.Clients;
using Culvert.Interop.Namespaces;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;
using Xunit.Sdk;

namespace Culvert.Interop.Leaks;

/// <summary>
/// Two hosts and an SSH server between them. Culvert runs on the first; FTP client and FTP server stand on either side,
/// according to the direction of the tunnel. Shared by the tests of a class.
/// </summary>
public abstract class Hosts : IAsyncLifetime
{
    public const string Local = "-L";
    public const string Remote = "-R";

    private readonly Dictionary<string, FtpServer> _ftpServers = [];
    private PrivateNetwork? _network;
    private SshServer? _sshServer;
    private LeakDetector? _detector;
    private SkipException? _missing;

    internal abstract Others OtherPackets { get; }

    internal SshServer Ssh => _sshServer ?? throw new InvalidOperationException("not set up");

    internal NetworkHost Near => (_network ?? throw new InvalidOperationException("not set up")).Hosts[0];

    internal NetworkHost Far => (_network ?? throw new InvalidOperationException("not set up")).Hosts[1];

    public async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        try
        {
            _network = await PrivateNetwork.CreateAsync(2, cancellation);
            var options = new SshServerOptions { Host = Far, ListenAddress = Far.Address };
            _sshServer = await SshServer.StartAsync(SshServer.OpenSsh, cancellation, options);
            _detector = await LeakDetector.InstallAsync(Near, Far, PrivateNetwork.LinkOf(1), Ssh.Port, OtherPackets, cancellation);
            foreach (var (direction, host) in new[] { (Local, Far), (Remote, Near) })
            {
                // The server listens on all its addresses and names the one by which the other host can reach it, and it
                // obeys any PORT: everything is prepared for a leak.
                _ftpServers[direction] = await FtpServer.StartAsync(FtpServer.Vsftpd, cancellation, new FtpServerOptions
                {
                    Host = host, ListenAddress = "0.0.0.0", AdvertisedAddress = host.Address, AcceptsForeignAddresses = true,
                });
            }
        }
        catch (SkipException e)
        {
            // A fixture can't skip: each of its tests does, with this reason.
            _missing = e;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _ftpServers.Values)
        {
            await server.DisposeAsync();
        }

        if (_sshServer is not null)
        {
            await _sshServer.DisposeAsync();
        }

        if (_network is not null)
        {
            await _network.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Ends a test as skipped when its hosts can't be had on this machine.</summary>
    public void Require()
    {
        if (_missing is not null)
        {
            throw _missing;
        }
    }

    internal FtpServer FtpServerOf(string direction) => _ftpServers[direction];

    internal Task<int> ForeignPacketsAsync(CancellationToken cancellation) =>
        (_detector ?? throw new InvalidOperationException("not set up")).CountAsync(cancellation);

    /// <summary>
    /// A tunnel to the FTP server of that direction, by the address that the other host could reach: reached by its
    /// loopback address, vsftpd opens its data connections from there and couldn't leak if it wanted to.
    /// </summary>
    internal string[] TunnelTo(string type, string direction) =>
        TunnelTo(type, direction, FtpServerOf(direction).Options.Host.Address);

    internal string[] TunnelTo(string type, string direction, string address) =>
        [direction, $"{type}/{FreePort.ForTunnel(direction)}:{address}:{FtpServerOf(direction).Port}"];

    internal FtpTarget ClientOf(string direction, int port) =>
        FtpTarget.Through(FtpServerOf(direction), port) with { From = direction == Local ? Near : Far };

    internal Task<CulvertProcess> CulvertAsync(CancellationToken cancellation, params IReadOnlyList<string> tunnel) =>
        CulvertProcess.StartAsync(Near, Ssh, cancellation, tunnel);
}
