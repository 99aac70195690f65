using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Relaying;

/// <summary><c>--server-no-delay</c> with real servers: sshd of OpenSSH 9.2 switches Nagle's algorithm off, and one that lets nobody open a session carries files all the same.</summary>
public sealed class NoDelayTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sshd_switches_delay_off_for_a_command_that_does_nothing()
    {
        await using var tunnelled = await TunnelledServer.StartAsync(
            FtpServer.Vsftpd, Cancellation, sshOptions: new() { Configuration = ["LogLevel DEBUG2"] }, options: ["-v", "--server-no-delay", "yes"]);
        // Nothing was forwarded so far, whose sockets sshd says the same about.
        await UntilAsync(() => tunnelled.Ssh.Output.Contains("setting TCP_NODELAY", StringComparison.Ordinal));
        await UntilAsync(() => tunnelled.Culvert.Output.Contains("was made to send small packets at once", StringComparison.Ordinal));
        await FetchAsync(tunnelled);
    }

    [Fact]
    public async Task Nobody_opens_a_session_unasked()
    {
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, Cancellation, sshOptions: new() { Configuration = ["LogLevel DEBUG2"] }, options: ["-v"]);
        await FetchAsync(tunnelled);
        Assert.DoesNotContain("Starting session", tunnelled.Ssh.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_may_open_no_session_still_carries_files()
    {
        await using var tunnelled = await TunnelledServer.StartAsync(
            FtpServer.Vsftpd, Cancellation, sshOptions: new() { Configuration = ["MaxSessions 0"] }, options: ["-v", "--server-no-delay", "yes"]);
        await UntilAsync(() => tunnelled.Culvert.Output.Contains("goes on holding small packets back", StringComparison.Ordinal));
        await FetchAsync(tunnelled);
    }

    private static async Task FetchAsync(TunnelledServer tunnelled)
    {
        using var folder = new TemporaryFolder();
        tunnelled.Ftp.Offer("small", 1000);
        var result = await Lftp.RunAsync(tunnelled.Target, TransferMode.Epsv, $"get small -o {folder["small"]}", Cancellation);
        Assert.True(result.ExitCode == 0, result.ToString());
        Exchange.AssertSameFiles(tunnelled.Ftp.PathOf("small"), folder["small"], result);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
    }
}
