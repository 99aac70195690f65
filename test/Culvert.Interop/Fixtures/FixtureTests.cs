using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Fixtures;

/// <summary>Each client against each server without Culvert: what fails here is no fault of the tunnel.</summary>
public sealed class FixtureTests
{
    private const int Length = 100_000;

    public static TheoryData<string, string> Pairs()
    {
        var pairs = new TheoryData<string, string>();
        foreach (var server in FtpServer.All)
        {
            foreach (var client in FtpClient.All)
            {
                pairs.Add(server, client.Name);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Client_and_server_understand_each_other_directly(string serverName, string clientName)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await FtpServer.StartAsync(serverName, cancellation);
        var client = FtpClient.Named(clientName);
        foreach (var mode in client.Modes)
        {
            await Exchange.BothWaysAsync(client, FtpTarget.Direct(server), mode, server, Length, cancellation);
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Client_and_server_understand_each_other_over_ipv6(string serverName, string clientName)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var options = new FtpServerOptions { ListenAddress = "::1" };
        await using var server = await FtpServer.StartAsync(serverName, cancellation, options);
        var client = FtpClient.Named(clientName);
        foreach (var mode in client.ModesOverIPv6)
        {
            await Exchange.BothWaysAsync(client, FtpTarget.Direct(server), mode, server, Length, cancellation);
        }
    }

    [Theory]
    [InlineData(SshServer.OpenSsh, false)]
    [InlineData(SshServer.OpenSsh, true)]
    [InlineData(SshServer.Dropbear, false)]
    public async Task OpenSsh_client_logs_in_to_the_server(string name, bool ipv6)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var options = new SshServerOptions { ListenAddress = ipv6 ? "::1" : "127.0.0.1" };
        await using var server = await SshServer.StartAsync(name, cancellation, options);
        var result = await NetworkHost.Here.RunAsync(OpenSshClient.Command(server, "echo", "in"), cancellation);
        Assert.True(result.Succeeded, $"{result}\n{server.Output}");
        Assert.Contains("in", result.Output, StringComparison.Ordinal);
    }
}
