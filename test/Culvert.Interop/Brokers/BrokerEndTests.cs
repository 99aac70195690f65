using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Proofs;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>How a broker, its control program and its sessions end, and what they say of it.</summary>
public sealed class BrokerEndTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Line(int port, FtpServer ftp) => string.Create(CultureInfo.InvariantCulture, $"CulvertLocalForward ftp/127.0.0.1:{port}:127.0.0.1:{ftp.Port}\n  CulvertGrace 1");

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 255)]
    public async Task The_exit_code_of_a_stop_says_whether_a_transfer_was_cut(bool isBusy, int code)
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        ftp.Offer("file", 20_000_000);
        var port = FreePort.Next();
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", Line(port, ftp))], Cancel);
        await broker.UntilUpAsync(1, 1, Cancel);
        await using var held = isBusy ? await HeldDownload.StartAsync(ftp, port, "file", Cancel) : null;
        await using var idle = await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, port), Cancel);
        broker.Signal(ProcessTable.SignalTerminate);
        Assert.StartsWith("421 ", await idle.ReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(code, await broker.WaitForExitAsync(Cancel));
    }

    [Fact]
    public async Task A_session_hears_why_its_connection_is_gone()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        var port = FreePort.Next();
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", Line(port, ftp))], Cancel);
        await broker.UntilUpAsync(1, 1, Cancel);
        await using var idle = await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, port), Cancel);
        ssh.KillAll();
        Assert.StartsWith("421 The connection to the FTP server was lost: ", await idle.ReplyAsync(Cancel), StringComparison.Ordinal);
    }

    /// <summary>Whoever has read enough goes away, and what writes to a full disk says so.</summary>
    [Fact]
    public async Task Answers_that_nobody_takes_end_their_command()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", "")], Cancel);
        Task<CommandResult> ShellAsync(string line) => Command.RunAsync(new CommandLine("/bin/sh", "-c", line, CulvertProcess.Program), Cancel);
        Assert.Equal(0, (await ShellAsync($"\"$0\" ctl --socket '{broker.Socket}' --watch | head -n 1")).ExitCode);
        foreach (var words in (string[])["--help", "ctl --socket '" + broker.Socket + "' status", "-G somewhere"])
        {
            var full = await ShellAsync($"\"$0\" {words} > /dev/full");
            Assert.Equal(1, full.ExitCode);
            Assert.EndsWith("standard output can't be written: No space left on device", full.Output.TrimEnd(), StringComparison.Ordinal);
        }
    }
}
