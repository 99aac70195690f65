using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Failures;

/// <summary>What goes wrong while tunnels stand: the FTP client always hears of it, and a cut file never looks whole.</summary>
public sealed partial class RunningFailureTests
{
    private const int Length = 40_000_000;

    public static TheoryData<string> EveryEngine => [.. Engines.All];

    [Theory]
    [MemberData(nameof(EveryEngine))]
    public async Task Forwarding_forbidden_at_first_use(string engine)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(
            FtpServer.Vsftpd, cancellation, sshOptions: new SshServerOptions { Configuration = ["AllowTcpForwarding no"] }, options: ["--engine", engine]);
        await AssertTurnedAwayAsync(tunnelled.Target, "administratively prohibited", cancellation);
    }

    [Theory]
    [MemberData(nameof(EveryEngine))]
    public async Task Ftp_server_down(string engine)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, cancellation, "--engine", engine, "-L", $"ftp/0:127.0.0.1:{FreePort.Next()}");
        await AssertTurnedAwayAsync(new FtpTarget("127.0.0.1", culvert.Port, "anonymous", "guest"), "Connection refused", cancellation);
    }

    [Theory]
    [MemberData(nameof(EveryEngine))]
    public async Task Sshd_killed_during_a_download(string engine)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation, options: ["--engine", engine]);
        var result = await DownloadUntilAsync(tunnelled, tunnelled.Ssh.KillAll, cancellation);
        Assert.False(result.Succeeded, result.ToString());
        Assert.Equal(255, await tunnelled.Culvert.WaitForExitAsync(cancellation));
        Assert.Contains("Connection to 127.0.0.1 closed by remote host.", tunnelled.Culvert.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryEngine))]
    public async Task Culvert_killed_during_a_download(string engine)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation, options: ["--engine", engine]);
        var result = await DownloadUntilAsync(tunnelled, tunnelled.Culvert.Kill, cancellation, unknownLength: true);
        Assert.False(result.Succeeded, result.ToString());
    }

    /// <summary>The control of the two above: the same download without a cut is a success.</summary>
    [Theory]
    [MemberData(nameof(EveryEngine))]
    public async Task Transfer_that_is_not_cut_is_whole(string engine)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation, options: ["--engine", engine]);
        var result = await DownloadUntilAsync(tunnelled, () => { }, cancellation, rate: "20M");
        Assert.True(result.Succeeded, result.ToString());
    }

    [Theory]
    [MemberData(nameof(EveryEngine))]
    public async Task Termination_without_transfers_is_success(string engine)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation, options: ["--engine", engine]);
        await Exchange.DownloadAsync(new Curl(), tunnelled.Target, TransferMode.Pasv, tunnelled.Ftp, 1000, cancellation);
        tunnelled.Culvert.Terminate();
        Assert.Equal(0, await tunnelled.Culvert.WaitForExitAsync(cancellation));
    }

    private static async Task AssertTurnedAwayAsync(FtpTarget target, string cause, CancellationToken cancellation)
    {
        using var folder = new TemporaryFolder();
        var result = await new Curl().DownloadAsync(target, TransferMode.Pasv, "any", folder["any"], cancellation);
        Assert.False(result.Succeeded, result.ToString());
        var reply = Answer421().Match(result.Output);
        Assert.True(reply.Success, $"no 421\n{result}");
        Assert.Contains(cause, result.Output, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Starts a slow download and does something when the first bytes have arrived.</summary>
    private static async Task<CommandResult> DownloadUntilAsync(
        TunnelledServer tunnelled, Action interruption, CancellationToken cancellation, bool unknownLength = false, string rate = "2M")
    {
        using var folder = new TemporaryFolder();
        tunnelled.Ftp.Offer("long", Length);
        string[] arguments =
        [
            .. Curl.Arguments(tunnelled.Target, TransferMode.Epsv), .. unknownLength ? new[] { "--ignore-content-length" } : [],
            "--no-buffer", "--limit-rate", rate, "--output", folder["long"], Curl.Url(tunnelled.Target, "pub/long"),
        ];
        await using var curl = ChildProcess.Start(new CommandLine(Peers.Require("curl"), arguments));
        await GrowthOf(folder["long"], cancellation);
        interruption();
        return new CommandResult(curl.Command, await curl.WaitForExitAsync(cancellation), curl.Output, TimedOut: false);
    }

    private static async Task GrowthOf(string path, CancellationToken cancellation)
    {
        while (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellation);
        }
    }

    [GeneratedRegex("^< 421[ -]", RegexOptions.Multiline)]
    private static partial Regex Answer421();
}
