using System.Globalization;
using System.Net;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Forwards;

/// <summary>SOCKS ports on both sides, asked by curl in each version that it knows.</summary>
public sealed class SocksTests
{
    private static readonly string[] Versions = ["--socks4", "--socks4a", "--socks5", "--socks5-hostname"];

    public static TheoryData<string, string, string> Ways()
    {
        var ways = new TheoryData<string, string, string>();
        foreach (var (engine, (server, letter)) in Engines.With(new[]
        {
            (SshServer.OpenSsh, "-D"), (SshServer.OpenSsh, "-R"), (SshServer.Dropbear, "-D"), (SshServer.Dropbear, "-R"),
        }))
        {
            ways.Add(engine, server, letter);
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Every_version_of_the_protocol_reaches_the_destination(string engine, string server, string letter)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var web = WebServer.Start();
        await using var ssh = await SshServer.StartAsync(server, cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "--engine", engine, letter, FreePort.ForTunnel(letter).ToString(CultureInfo.InvariantCulture));
        foreach (var version in Versions)
        {
            var result = await CurlAsync(version, culvert.Port, $"http://localhost:{web.Port}/", cancellation);
            Assert.Equal(web.Page, result.OrThrow().Output);
        }
    }

    [Fact]
    public async Task An_IPv6_destination_in_figures_is_reached()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var web = WebServer.Start(IPAddress.IPv6Loopback);
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "-D", "0");
        foreach (var version in (string[])["--socks5", "--socks5-hostname"])
        {
            Assert.Equal(web.Page, (await CurlAsync(version, culvert.Port, $"http://[::1]:{web.Port}/", cancellation)).OrThrow().Output);
        }
    }

    [Theory]
    [InlineData("AllowTcpForwarding no", "(2)", "administratively prohibited")]
    [InlineData("AllowTcpForwarding yes", "(5)", "Connection refused")]
    public async Task What_the_SSH_server_says_reaches_the_client_and_whoever_runs_it(string configuration, string code, string told)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation, new SshServerOptions { Configuration = [configuration] });
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "-D", "0");
        var result = await CurlAsync("--socks5-hostname", culvert.Port, $"http://127.0.0.1:{FreePort.Next()}/", cancellation);
        Assert.Equal(97, result.ExitCode);
        Assert.Contains(code, result.Output, StringComparison.Ordinal);
        await culvert.WaitForAsync(new(told), cancellation);
    }

    [Fact]
    public async Task PermitRemoteOpen_bounds_where_clients_on_the_servers_side_may_go()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var permitted = WebServer.Start();
        await using var forbidden = WebServer.Start();
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "-o", $"PermitRemoteOpen=127.0.0.1:{permitted.Port}", "-R", FreePort.Next().ToString(CultureInfo.InvariantCulture));
        Assert.Equal(permitted.Page, (await CurlAsync("--socks5", culvert.Port, $"http://127.0.0.1:{permitted.Port}/", cancellation)).OrThrow().Output);
        var result = await CurlAsync("--socks5", culvert.Port, $"http://127.0.0.1:{forbidden.Port}/", cancellation);
        Assert.Equal(97, result.ExitCode);
        Assert.Contains("(2)", result.Output, StringComparison.Ordinal);
    }

    private static Task<CommandResult> CurlAsync(string version, int port, string url, CancellationToken cancellation) => Command.RunAsync(
        new CommandLine(Peers.Require("curl"), "--silent", "--show-error", "--max-time", "60", version, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), url), cancellation);
}
