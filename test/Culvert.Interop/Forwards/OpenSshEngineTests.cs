using Culvert.Interop.Clients;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Forwards;

/// <summary>What is the OpenSSH engine's own: its program, its folder, its end.</summary>
public sealed class OpenSshEngineTests
{
    [Fact]
    public async Task Killed_it_leaves_no_ssh_behind()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "--engine", "openssh", "-R", "0:localhost:1");
        var masters = Masters(culvert);
        Assert.NotEmpty(masters);
        culvert.Kill();
        await culvert.WaitForExitAsync(cancellation);
        while (masters.Any(IsMaster))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
        }
    }

    [Fact]
    public async Task Its_folder_is_ours_alone_and_gone_at_the_end()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var temporary = new TemporaryFolder();
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        var command = CulvertProcess.Command([.. CulvertProcess.Login(ssh), "--engine", "openssh", "-L", "0:localhost:1", ssh.Address]);
        command = command with { Environment = command.Environment.Append(new("TMPDIR", temporary.FullName)).ToDictionary() };
        await using var culvert = await CulvertProcess.StartAsync(NetworkHost.Here, command, cancellation);
        var folder = Assert.Single(Directory.GetDirectories(temporary.FullName, "culvert-*"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        culvert.Terminate();
        Assert.Equal(0, await culvert.WaitForExitAsync(cancellation));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_master_that_dies_ends_the_run()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "--engine", "openssh", "-L", "0:localhost:1");
        foreach (var master in Masters(culvert))
        {
            ProcessTable.Kill(master);
        }

        Assert.Equal(255, await culvert.WaitForExitAsync(cancellation));
    }

    [Fact]
    public async Task What_ssh_says_of_a_login_that_fails_is_seen_and_ends_it()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        var result = await CulvertProcess.RunAsync(cancellation,
            [.. CulvertProcess.Login(ssh).Select(word => word == ssh.Keys.PrivateKey(TestKeys.Client) ? ssh.Keys.PrivateKey(TestKeys.Stranger) : word), "--engine", "openssh", "-L", "0:localhost:1", ssh.Address]);
        Assert.Equal(255, result.ExitCode);
        Assert.Contains("Permission denied (publickey)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_goes_through_jump_hosts_and_uses_ciphers_that_are_its_own()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var web = WebServer.Start();
        await using var target = await SshServer.StartAsync(SshServer.OpenSsh, cancellation, new SshServerOptions { Configuration = ["Ciphers aes128-cbc"] });
        await using var jump = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        using var folder = new TemporaryFolder();
        var configuration = folder.Write("config", $"""
            Host jump
                HostName {jump.Address}
                Port {jump.Port}
            Host target
                HostName {target.Address}
                Port {target.Port}
                ProxyJump jump
                Ciphers aes128-cbc
            Host *
                User {target.User}
                BatchMode yes
                StrictHostKeyChecking yes
                IdentityFile {target.Keys.PrivateKey(TestKeys.Client)}
                UserKnownHostsFile {jump.KnownHosts} {target.KnownHosts}
            """);
        await using var culvert = await CulvertProcess.StartAsync(["-F", configuration, "--engine", "openssh", "-L", $"0:localhost:{web.Port}", "target"], 1, cancellation);
        var result = await Command.RunAsync(new CommandLine(Peers.Require("curl"), "--silent", "--show-error", "--max-time", "60", $"http://127.0.0.1:{culvert.Port}/"), cancellation);
        Assert.Equal(web.Page, result.OrThrow().Output);
    }

    [Theory]
    [InlineData("forward")]
    [InlineData("auto")]
    public async Task Active_mode_is_not_forwarded_since_ssh_does_not_tell_who_connects(string active)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        var result = await CulvertProcess.RunAsync(cancellation, [.. CulvertProcess.Login(ssh), "--engine", "openssh", "--active", active, "-L", "ftp/0:localhost:21", ssh.Address]);
        Assert.Equal(255, result.ExitCode);
        Assert.Contains("engine openssh can't forward active mode", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_at_a_remote_port_is_sent_to_passive_mode()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.PyFtpdlib, cancellation, direction: "-R", options: ["--engine", "openssh"]);
        using var folder = new TemporaryFolder();
        tunnelled.Ftp.Offer("file", 1000);
        var result = await new Curl().DownloadAsync(tunnelled.Target, TransferMode.Port, "file", folder["file"], cancellation);
        Assert.False(result.Succeeded, result.ToString());
        Assert.True(result.Output.Contains("where you are isn't known here; use PASV or EPSV", StringComparison.Ordinal), result.ToString());
    }

    private static List<StartedProcess> Masters(CulvertProcess culvert) => [.. ProcessTable.DescendantsOf(culvert.Id).Where(IsMaster)];

    private static bool IsMaster(StartedProcess process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline").StartsWith("ssh\0", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
