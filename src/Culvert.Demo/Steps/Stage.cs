using System.Net.Sockets;
using Culvert.Demo.FtpServer;
using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Demo.Steps;

/// <summary>Everything that runs for the tour: a temporary folder, the FTP server that serves it, an SSH server with a connection to it, and
/// the two ways. Credentials are made for this run, and the SSH server's channels reach only what stands here.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>A file that stays, for people who try by hand.</summary>
    public const string Sample = "sample.bin";

    private readonly Stack<IAsyncDisposable> _standing = new();

    private Stage(DemoOptions options, INetwork tcp) => (FileSize, Tcp) = (options.FileSize, tcp);

    /// <summary>This machine.</summary>
    public INetwork Tcp { get; }

    /// <summary>Bytes of each transfer.</summary>
    public int FileSize { get; }

    /// <summary>The FTP server's root on the disk.</summary>
    public string Folder { get; private set; } = "";

    /// <summary>The FTP server.</summary>
    public DemoFtpServer Ftp { get; private set; } = null!;

    /// <summary>Who may log in there.</summary>
    public Credentials FtpCredentials { get; } = Credentials.Create("demo");

    /// <summary>The SSH server and the connection to it.</summary>
    public SshLink Ssh { get; private set; } = null!;

    /// <summary>-L and -R.</summary>
    public IReadOnlyList<Way> Ways { get; private set; } = [];

    /// <summary>Ports that the tour's FTP client has open in active mode.</summary>
    public OpenPorts ClientPorts { get; } = new();

    /// <summary>What the relays tell.</summary>
    public Observations Observations { get; } = new();

    /// <summary>Why there's no IPv6 loopback here; null: there is.</summary>
    public string? NoIPv6 { get; private set; }

    /// <summary>Starts all of it.</summary>
    /// <exception cref="NetworkException">Something can't listen or connect.</exception>
    /// <exception cref="IOException">There's no temporary folder.</exception>
    /// <exception cref="Culvert.Ssh.SshException">The SSH connection could not be made.</exception>
    public static async Task<Stage> SetUpAsync(DemoOptions options, INetwork tcp, CancellationToken stop)
    {
        var stage = new Stage(options, tcp);
        try
        {
            await stage.SetUpAsync(options, stop);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes it down in reverse order; the folder goes last.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_standing.TryPop(out var part)) await part.DisposeAsync();
    }

    private async Task SetUpAsync(DemoOptions options, CancellationToken stop)
    {
        var folder = Stand(new TemporaryFolder());
        Folder = folder.Path;
        await folder.WriteSampleAsync(Sample, options.FileSize, stop);

        var ftpPorts = new OpenPorts();
        var ftpOptions = new FtpServerOptions { Root = Folder, Credentials = FtpCredentials, Ports = ftpPorts, LoggerFactory = options.LoggerFactory, Time = options.Time };
        Ftp = Stand(await DemoFtpServer.StartAsync(Tcp, new(Endpoint.Loopback4, 0), ftpOptions, stop));

        NoIPv6 = await MissingIPv6Async(stop);
        Ssh = Stand(await SshLink.StartAsync(Tcp, to => ftpPorts.Contains(to) || ClientPorts.Contains(to), options, stop));

        var relay = new FtpRelay(new FtpRelayOptions(), options.LoggerFactory.CreateLogger("Culvert.Ftp"), options.Time, Observations);
        var local = Stand(await Way.OpenAsync("-L", Tcp, Ssh.Far, Ftp.Endpoint, relay, NoIPv6 is null, stop));
        var remote = Stand(await Way.OpenAsync("-R", Ssh.Far, Tcp, Ftp.Endpoint, relay, NoIPv6 is null, stop));
        Ways = [local, remote];
    }

    private async Task<string?> MissingIPv6Async(CancellationToken stop)
    {
        if (!Socket.OSSupportsIPv6) return "this system has none";
        try
        {
            await using var probe = await Tcp.ListenAsync(new(Endpoint.Loopback6, 0), ListenOptions.Default, stop);
            return null;
        }
        catch (NetworkException missing)
        {
            return missing.Failure.Text;
        }
    }

    private T Stand<T>(T part) where T : IAsyncDisposable
    {
        _standing.Push(part);
        return part;
    }
}
