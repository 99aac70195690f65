using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Trust;

/// <summary>The lines of docs/server.md, taken from there, in a real sshd: each block is enough, and what it forbids is refused.</summary>
public sealed class ServerLinesTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A block of the page. What stands under its Match line is tried for everybody: the fixture has one user.</summary>
    private static string[] Block(string label)
    {
        var page = File.ReadAllLines(Path.Combine(Peers.Repository, "docs", "server.md"));
        var block = page.SkipWhile(line => line != "```" + label).Skip(1).TakeWhile(line => line != "```").Select(line => line.Trim()).ToArray();
        Assert.NotEmpty(block);
        return [.. block.Where(line => !line.StartsWith("Match ", StringComparison.Ordinal))];
    }

    private static Task<SshServer> StartAsync(params IReadOnlyList<string> lines) => SshServer.StartAsync(SshServer.OpenSsh, Cancelled, new() { Configuration = lines });

    private static async Task TransfersAsync(SshServer server, FtpServer ftp, string letter, string tunnel, params TransferMode[] modes)
    {
        await using var culvert = await CulvertProcess.StartAsync(server, Cancelled, letter, tunnel);
        foreach (var mode in modes.Length > 0 ? modes : Enum.GetValues<TransferMode>())
            await Exchange.BothWaysAsync(new Curl(), FtpTarget.Through(ftp, culvert.Port), mode, ftp, 100_000, Cancelled);
    }

    private static async Task<CommandResult> RefusedAsync(SshServer server, string letter, string tunnel)
    {
        var result = await CulvertProcess.RunAsync(Cancelled, [.. CulvertProcess.Login(server), letter, tunnel, server.Address]);
        Assert.Equal(255, result.ExitCode);
        return result;
    }

    private static Task<CommandResult> SshAsync(SshServer server, params IReadOnlyList<string> words) => Command.RunAsync(new CommandLine(Peers.Require("ssh"), [
        "-F", "none", "-o", "BatchMode=yes", "-o", $"UserKnownHostsFile={server.KnownHosts}", "-i", server.Keys.PrivateKey(TestKeys.Client),
        "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-l", server.User, server.Address, .. words]), Cancelled);

    [Fact]
    public async Task Local_tunnels()
    {
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancelled);
        await using var server = await StartAsync(Block("sshd_config -L"));
        await TransfersAsync(server, ftp, "-L", $"ftp/0:localhost:{ftp.Port}");
        Assert.Contains("remote port forwarding failed", (await RefusedAsync(server, "-R", $"ftp/0:127.0.0.1:{ftp.Port}")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_port_of_the_control_connection_alone_lets_nobody_transfer()
    {
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancelled);
        await using var server = await StartAsync(Block("sshd_config -L")[0], $"PermitOpen localhost:{ftp.Port}");
        await using var culvert = await CulvertProcess.StartAsync(server, Cancelled, "-L", $"ftp/0:localhost:{ftp.Port}");
        ftp.Offer("file", 1000);
        var curl = await Command.RunAsync(new CommandLine(Peers.Require("curl"), [.. Curl.Arguments(FtpTarget.Through(ftp, culvert.Port), TransferMode.Pasv), Curl.Url(FtpTarget.Through(ftp, culvert.Port), "pub/file")]), Cancelled);
        Assert.NotEqual(0, curl.ExitCode);
        Assert.Contains("< 230", curl.Output, StringComparison.Ordinal);
        // curl that sees its data connection reset before it asked for the file never hears the 425; the log has the cause in any case.
        await culvert.WaitForAsync(new("administratively prohibited"), Cancelled);
    }

    [Fact]
    public async Task Remote_tunnels()
    {
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancelled);
        await using var server = await StartAsync(Block("sshd_config -R"));
        await TransfersAsync(server, ftp, "-R", $"ftp/{FreePort.Next()}:127.0.0.1:{ftp.Port}", TransferMode.Pasv, TransferMode.Epsv);
        await using var active = await StartAsync([.. Block("sshd_config -R with active clients"), .. Block("sshd_config -R")]);
        await TransfersAsync(active, ftp, "-R", $"ftp/{FreePort.Next()}:127.0.0.1:{ftp.Port}");
        await using var open = await CulvertProcess.StartAsync(server, Cancelled, "-L", $"ftp/0:localhost:{ftp.Port}");
        var curl = await Command.RunAsync(new CommandLine(Peers.Require("curl"), [.. Curl.Arguments(FtpTarget.Through(ftp, open.Port), TransferMode.Pasv), Curl.Url(FtpTarget.Through(ftp, open.Port), "")]), Cancelled);
        Assert.Contains("421", curl.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_for_tunnels_only()
    {
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancelled);
        await using var server = await StartAsync(Block("sshd_config account"));
        await TransfersAsync(server, ftp, "-L", $"ftp/0:localhost:{ftp.Port}");
        Assert.NotEqual(0, (await SshAsync(server, "echo", "in")).ExitCode);
        // The second lock, without the first.
        await using var second = await StartAsync([.. Block("sshd_config account").Where(line => line != "MaxSessions 0")]);
        Assert.DoesNotContain("\nin", "\n" + (await SshAsync(second, "echo", "in")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_for_tunnels_only()
    {
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancelled);
        await using var server = await StartAsync();
        var options = Assert.Single(Block("authorized_keys"));
        await File.WriteAllTextAsync(server.AuthorizedKeys, $"{options} {server.Keys.PublicKey(TestKeys.Client)}\n", Cancelled);
        await TransfersAsync(server, ftp, "-L", $"ftp/0:localhost:{ftp.Port}");
// A shell is refused; what restrict leaves of -R is the server's affair (permitlisten).
        Assert.DoesNotContain("culvert-was-here", (await SshAsync(server, "-tt")).Output, StringComparison.Ordinal);
        await using var elsewhere = await CulvertProcess.StartAsync(server, Cancelled, "-L", $"ftp/0:127.0.0.1:{ftp.Port}");
        var curl = await Command.RunAsync(new CommandLine(Peers.Require("curl"), "--disable", "--verbose", "--silent", $"ftp://127.0.0.1:{elsewhere.Port}/"), Cancelled);
        Assert.Contains("421", curl.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forwarding_that_is_switched_off_is_named()
    {
        await using var server = await StartAsync(Block("sshd_config refused"));
        Assert.Contains("remote port forwarding failed", (await RefusedAsync(server, "-R", "0:127.0.0.1:9")).Output, StringComparison.Ordinal);
        await using var culvert = await CulvertProcess.StartAsync(server, Cancelled, "-L", "ftp/0:localhost:9");
        var curl = await Command.RunAsync(new CommandLine(Peers.Require("curl"), "--disable", "--verbose", "--silent", $"ftp://127.0.0.1:{culvert.Port}/"), Cancelled);
        Assert.Contains("AllowTcpForwarding", curl.Output, StringComparison.Ordinal);
    }
}
