using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Failures;

/// <summary>What keeps Culvert from coming up: OpenSSH's message, a line that says what to do, and the exit code.</summary>
public sealed class StartFailureTests
{
    private const string AnyTunnel = "ftp/0:127.0.0.1:21";

    [Fact]
    public async Task Wrong_password()
    {
        await using var server = await PasswordServerAsync();
        var result = await WithPasswordAsync(server, "wrong");
        AssertFailed(result, "Permission denied (");
    }

    [Fact]
    public async Task Stranger_s_key()
    {
        await using var server = await StartAsync();
        var result = await RunAsync([
            "-F", "none", "-o", "BatchMode=yes", "-o", $"UserKnownHostsFile={server.KnownHosts}", "-o", "StrictHostKeyChecking=yes",
            "-i", server.Keys.PrivateKey(TestKeys.Stranger), "-p", PortOf(server), "-L", AnyTunnel, $"{server.User}@{server.Address}"]);
        AssertFailed(result, "Permission denied (publickey");
    }

    [Fact]
    public async Task Unknown_host_key()
    {
        await using var server = await StartAsync();
        var result = await RunAsync(["-o", $"UserKnownHostsFile={server.WriteKnownHosts("none")}", .. CulvertProcess.Login(server), "-L", AnyTunnel, server.Address]);
        AssertFailed(result, "Host key verification failed.");
    }

    [Fact]
    public async Task Changed_host_key()
    {
        await using var server = await StartAsync();
        var result = await RunAsync([
            "-o", $"UserKnownHostsFile={server.WriteKnownHosts("changed", TestKeys.OtherHost)}", .. CulvertProcess.Login(server),
            "-L", AnyTunnel, server.Address]);
        AssertFailed(result, "REMOTE HOST IDENTIFICATION HAS CHANGED");
        Assert.Contains("Host key verification failed.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remote_forward_refused()
    {
        await using var server = await StartAsync("AllowTcpForwarding local");
        var result = await RunAsync([.. CulvertProcess.Login(server), "-R", AnyTunnel, server.Address]);
        AssertFailed(result, "remote port forwarding failed for listen port 0");
    }

    [Fact]
    public async Task Remote_port_in_use()
    {
        await using var server = await StartAsync();
        // sshd takes both loopback addresses and is content with one of them.
        var port = FreePort.Next();
        using var taken = new TcpListener(IPAddress.Loopback, port);
        using var takenToo = new TcpListener(IPAddress.IPv6Loopback, port);
        taken.Start();
        takenToo.Start();
        var result = await RunAsync([.. CulvertProcess.Login(server), "-R", $"ftp/{port}:127.0.0.1:21", server.Address]);
        AssertFailed(result, $"remote port forwarding failed for listen port {port}");
    }

    [Fact]
    public async Task Remote_port_in_use_at_the_address_that_dropbear_keeps_to()
    {
        await using var server = await SshServer.StartAsync(SshServer.Dropbear, TestContext.Current.CancellationToken);
        using var taken = new TcpListener(IPAddress.Loopback, FreePort.Next());
        taken.Start();
        var result = await RunAsync([.. CulvertProcess.Login(server), "-R", TunnelAt(taken), server.Address]);
        AssertFailed(result, $"remote port forwarding failed for listen port {PortOf(taken)}");
    }

    // docs/server.md says so, and why the other tests' dropbear is told to keep to addresses.
    [Fact]
    public async Task Without_that_dropbear_says_yes_to_a_port_that_is_in_use_where_it_was_asked_for()
    {
        await using var server = await SshServer.StartAsync(SshServer.Dropbear, TestContext.Current.CancellationToken, new() { KeepsToAddresses = false });
        using var taken = new TcpListener(IPAddress.Loopback, FreePort.Next());
        taken.Start();
        await using var culvert = await CulvertProcess.StartAsync(server, TestContext.Current.CancellationToken, "-R", TunnelAt(taken));
        Assert.Equal(PortOf(taken), culvert.Port);
    }

    private static string TunnelAt(TcpListener listener) => string.Create(CultureInfo.InvariantCulture, $"ftp/127.0.0.1:{PortOf(listener)}:127.0.0.1:21");

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    [Fact]
    public async Task Port_in_use()
    {
        await using var server = await StartAsync();
        using var taken = new TcpListener(IPAddress.Loopback, FreePort.Next());
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var result = await RunAsync([.. CulvertProcess.Login(server), "-L", $"ftp/127.0.0.1:{port}:127.0.0.1:21", server.Address]);
        AssertFailed(result, $"bind [127.0.0.1]:{port}: Address already in use");
        Assert.Contains("Could not request local forwarding.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_host()
    {
        var result = await RunAsync(["-F", "none", "-o", "BatchMode=yes", "-L", AnyTunnel, "someone@nowhere.invalid"]);
        AssertFailed(result, "ssh: Could not resolve hostname nowhere.invalid");
    }

    [Fact]
    public async Task Nothing_listens()
    {
        var port = FreePort.Next();
        var result = await RunAsync(["-F", "none", "-o", "BatchMode=yes", "-p", port.ToString(CultureInfo.InvariantCulture), "-L", AnyTunnel, "someone@127.0.0.1"]);
        AssertFailed(result, $"ssh: connect to host 127.0.0.1 port {port}: Connection refused");
    }

    [Fact]
    public async Task Server_accepts_and_says_nothing()
    {
        await using var server = await StartAsync();
        server.FreezeListener();
        var result = await RunAsync(["-o", "ConnectTimeout=2", .. CulvertProcess.Login(server), "-L", AnyTunnel, server.Address]);
        server.ThawListener();
        AssertFailed(result, "timed out");
    }

    /// <summary>The control of the password test: with the right one the same command comes up.</summary>
    [Fact]
    public async Task Right_password_opens_the_tunnel()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await PasswordServerAsync();
        using var folder = new TemporaryFolder();
        await using var process = NetworkHost.Here.Start(CulvertProcess.Command(PasswordArguments(server, folder, SshServer.Password)));
        await process.WaitForAsync(CulvertProcess.ReadyLine, cancellation);
    }

    private static void AssertFailed(CommandResult result, string message)
    {
        Assert.False(result.TimedOut, result.ToString());
        Assert.True(result.Output.Contains(message, StringComparison.Ordinal), $"not said: {message}\n{result}");
        Assert.True(result.Output.Contains("hint: ", StringComparison.Ordinal), $"no hint\n{result}");
        Assert.True(result.ExitCode == 255, result.ToString());
    }

    private static string PortOf(SshServer server) => server.Port.ToString(CultureInfo.InvariantCulture);

    private static Task<CommandResult> RunAsync(IReadOnlyList<string> arguments) =>
        CulvertProcess.RunAsync(TestContext.Current.CancellationToken, arguments);

    private static Task<SshServer> StartAsync(params IReadOnlyList<string> configuration) => SshServer.StartAsync(
        SshServer.OpenSsh, TestContext.Current.CancellationToken, new SshServerOptions { Configuration = configuration });

    private static Task<SshServer> PasswordServerAsync() => SshServer.StartAsync(
        SshServer.OpenSsh, TestContext.Current.CancellationToken, new SshServerOptions { AcceptsPasswords = true });

    private static async Task<CommandResult> WithPasswordAsync(SshServer server, string password)
    {
        using var folder = new TemporaryFolder();
        return await RunAsync(PasswordArguments(server, folder, password));
    }

    private static string[] PasswordArguments(SshServer server, TemporaryFolder folder, string password) =>
    [
        "-F", "none", "-o", $"UserKnownHostsFile={server.KnownHosts}", "-o", "StrictHostKeyChecking=yes",
        "-o", "PreferredAuthentications=password", "--password-file", folder.Write("password", password + "\n", secret: true),
        "-p", PortOf(server), "-L", AnyTunnel, $"{server.User}@{server.Address}",
    ];
}
