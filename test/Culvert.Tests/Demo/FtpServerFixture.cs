using Culvert.Demo;
using Culvert.Demo.Client;
using Culvert.Demo.FtpServer;
using Culvert.Net;
using Culvert.Net.Tcp;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Demo;

/// <summary>A demo FTP server on loopback, on a port of its own, with a folder of its own and a clock that stands still.</summary>
internal sealed class FtpServerFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _outer = Directory.CreateTempSubdirectory("culvert-test-");

    private FtpServerFixture() => Root = _outer.CreateSubdirectory("root").FullName;

    public static Credentials Credentials { get; } = Credentials.Create("demo");
    public string Root { get; }
    public FakeTimeProvider Time { get; } = new();
    public INetwork Network { get; } = new TcpNetwork(TimeProvider.System);
    public OpenPorts Ports { get; } = new();
    public DemoFtpServer Server { get; private set; } = null!;

    public static async Task<FtpServerFixture> StartAsync(string host = Endpoint.Loopback4, int maxSessions = 100)
    {
        var fixture = new FtpServerFixture();
        var options = new FtpServerOptions { Root = fixture.Root, Credentials = Credentials, Ports = fixture.Ports, Time = fixture.Time, MaxSessions = maxSessions };
        fixture.Server = await DemoFtpServer.StartAsync(fixture.Network, new(host, 0), options, TestContext.Current.CancellationToken);
        return fixture;
    }

    public Task<FtpClient> LogInAsync() => FtpClient.LogInAsync(Network, Server.Endpoint, Credentials, new OpenPorts(), TestContext.Current.CancellationToken);

    public async Task<Duplex> ConnectAsync() =>
        (await Network.Connect(Server.Endpoint, ConnectOptions.Default).Outcome).Duplex ?? throw new InvalidOperationException("no connection");

    public string PathOf(string name) => Path.Combine(Root, name);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _outer.Delete(recursive: true);
    }
}
