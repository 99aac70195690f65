using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Namespaces;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;
using Xunit.Sdk;

namespace Culvert.Interop.Relaying;

/// <summary>The FTP client, Culvert, and the servers: each on a host of its own, in a row.</summary>
public sealed class ThreeHosts : IAsyncLifetime
{
    /// <summary>A second address of the client's host: somebody else, as far as anybody can tell.</summary>
    public const string Stranger = "10.77.1.77";

    private PrivateNetwork? _network;
    private SshServer? _ssh;
    private FtpServer? _ftp;
    private CulvertProcess? _shared;
    private SkipException? _missing;

    internal NetworkHost Client => Hosts[0];

    internal NetworkHost Middle => Hosts[1];

    internal SshServer Ssh => _ssh ?? throw new InvalidOperationException("not set up");

    internal FtpServer Ftp => _ftp ?? throw new InvalidOperationException("not set up");

    private IReadOnlyList<NetworkHost> Hosts => (_network ?? throw new InvalidOperationException("not set up")).Hosts;

    public async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        try
        {
            _network = await PrivateNetwork.CreateAsync(3, cancellation);
            var alias = new CommandLine(Peers.Require("ip"), "address", "add", $"{Stranger}/24", "dev", PrivateNetwork.LinkOf(1));
            (await Client.RunAsync(alias, cancellation)).OrThrow();
            _ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation, new SshServerOptions { Host = Hosts[2], ListenAddress = Hosts[2].Address });
            _ftp = await FtpServer.StartAsync(FtpServer.Vsftpd, cancellation, new FtpServerOptions { Host = Hosts[2] });
        }
        catch (SkipException e)
        {
            // A fixture can't skip: each of its tests does, with this reason.
            _missing = e;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in new IAsyncDisposable?[] { _shared, _ftp, _ssh, _network })
        {
            if (one is not null)
            {
                await one.DisposeAsync();
            }
        }
    }

    /// <summary>Starts Culvert for clients of other machines; a test whose hosts can't be had here ends as skipped.</summary>
    internal Task<CulvertProcess> CulvertAsync(CancellationToken cancellation, params IReadOnlyList<string> options) =>
        _missing is { } missing
            ? throw missing
            : CulvertProcess.StartAsync(Middle, Ssh, cancellation, [.. options, "-L", $"ftp/{Middle.Address}:0:127.0.0.1:{Ftp.Port}"]);

    /// <summary>The same without options, started once; tests of a class run one after the other.</summary>
    internal async Task<CulvertProcess> SharedAsync(CancellationToken cancellation) => _shared ??= await CulvertAsync(cancellation);

    internal FtpTarget Target(CulvertProcess culvert) => FtpTarget.Through(Ftp, culvert.Port, Middle.Address) with { From = Client };
}

/// <summary>A client on another machine uses every mode through a tunnel that was opened to others, and nobody else its data ports.</summary>
public sealed class RemoteClientTests(ThreeHosts hosts) : IClassFixture<ThreeHosts>
{
    private const int Length = 300_000;

    /// <summary>Logs in, asks for passive mode, comes to the data port from another address first, then as itself.</summary>
    private const string RaceFromAnotherAddress = """
        import ftplib, socket, sys
        host, port, user, password, stranger, name = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5], sys.argv[6]
        ftp = ftplib.FTP()
        ftp.trust_server_pasv_ipv4_address = True
        ftp.connect(host, port, 20)
        ftp.login(user, password)
        ftp.voidcmd("TYPE I")
        data_host, data_port = ftplib.parse227(ftp.sendcmd("PASV"))
        print("data", data_host, data_port)
        thief = socket.create_connection((data_host, data_port), 20, (stranger, 0))
        ftp.putcmd("RETR " + name)
        try:
            stolen = thief.recv(1)
        except ConnectionResetError:
            stolen = b""
        print("stolen", len(stolen))
        own = socket.create_connection((data_host, data_port), 20)
        count = 0
        while chunk := own.recv(65536):
            count += len(chunk)
        own.close()
        print(ftp.getresp(), ftp.getresp())
        print("count", count)
        """;

    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var (client, mode) in FtpClient.All.SelectMany(client => client.Modes, (client, mode) => (client, mode)))
        {
            cells.Add(client.Name, mode.ToString(), "RETR");
            if (client.CanUpload)
            {
                cells.Add(client.Name, mode.ToString(), "STOR");
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task A_client_on_another_machine_uses_every_mode(string clientName, string modeName, string verb)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var culvert = await hosts.SharedAsync(cancellation);
        var (client, mode) = (FtpClient.Named(clientName), Enum.Parse<TransferMode>(modeName));
        await (verb == "RETR"
            ? Exchange.DownloadAsync(client, hosts.Target(culvert), mode, hosts.Ftp, Length, cancellation)
            : Exchange.UploadAsync(client, hosts.Target(culvert), mode, hosts.Ftp, Length, cancellation));
        await culvert.WaitForAsync(new("unencrypted"), cancellation);
    }

    [Fact]
    public async Task A_data_port_is_for_the_address_of_the_control_connection()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (first, last) = (42_000, 42_009);
        await using var culvert = await hosts.CulvertAsync(cancellation, "--passive-ports", $"{first}-{last}");
        hosts.Ftp.Offer("payroll", Length);
        var target = hosts.Target(culvert);
        var race = await hosts.Client.RunAsync(
            new CommandLine(Peers.Require("python3"), "-c", RaceFromAnotherAddress, target.Address, $"{target.Port}", target.User, target.Password,
                ThreeHosts.Stranger, $"{FtpServer.PublicName}/payroll"),
            cancellation);
        Assert.True(race.Succeeded, race.ToString());
        var said = race.Output.Split('\n');
        Assert.Contains("stolen 0", said);
        Assert.Contains($"count {Length}", said);
        var port = int.Parse(Assert.Single(said, line => line.StartsWith($"data {hosts.Middle.Address} ", StringComparison.Ordinal)).Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(port, first, last);
    }

    [Fact]
    public async Task The_address_that_replies_name_can_be_that_of_a_gateway()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var culvert = await hosts.CulvertAsync(cancellation, "--advertise", "192.0.2.7");
        hosts.Ftp.Offer("gate", Length);
        using var folder = new TemporaryFolder();
        // curl goes to the control connection's address whatever a 227 says, as through a gateway.
        var fetched = await new Curl().DownloadAsync(hosts.Target(culvert), TransferMode.Pasv, "gate", folder["gate"], cancellation);
        Assert.True(fetched.Succeeded, fetched.ToString());
        Assert.Contains("227 Entering Passive Mode (192,0,2,7,", fetched.Output, StringComparison.Ordinal);
        Assert.Equal(Length, new FileInfo(folder["gate"]).Length);
    }
}
