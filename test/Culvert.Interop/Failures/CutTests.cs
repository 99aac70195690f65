using Culvert.Interop.Clients;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Failures;

/// <summary>A download that was cut shows a reset on the data socket, whoever died; that of a plain tunnel looks whole.</summary>
public sealed class CutTests
{
    private const int Length = 60_000_000;

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public async Task Killed_sshd_shows_as_a_reset()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation);
        tunnelled.Ftp.Offer("long", Length);
        var (bytes, end) = await RawDownload.RunAsync(tunnelled.Target, "long", tunnelled.Ssh.KillAll, cancellation);
        Assert.Equal(DataEnd.Reset, end);
        Assert.True(bytes < Length);
    }

    [Fact]
    [Proves(ProofTables.Attacks, Attack.Truncation)]
    public async Task Killed_culvert_shows_as_a_reset()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation);
        tunnelled.Ftp.Offer("long", Length);
        var (bytes, end) = await RawDownload.RunAsync(tunnelled.Target, "long", tunnelled.Culvert.Kill, cancellation);
        Assert.Equal(DataEnd.Reset, end);
        Assert.True(bytes < Length);
    }

    /// <summary>The control: the same kill, the same detector, ssh in Culvert's place. The short file ends as if it were whole.</summary>
    [Fact]
    public async Task Killed_ssh_looks_like_the_end_of_the_file()
    {
        var cancellation = TestContext.Current.CancellationToken;
        // ssh rewrites nothing, so the data port is one number on both sides of it, on two loopback addresses.
        const string NearAddress = "127.0.0.2";
        var dataPort = FreePort.Next();
        await using var ftp = await FtpServer.StartAsync(
            FtpServer.Vsftpd, cancellation, new FtpServerOptions { PassivePort = dataPort });
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation);
        var port = FreePort.Next();
        await using var tunnel = ChildProcess.Start(OpenSshClient.Tunnel(ssh, "-L", $"{NearAddress}:{port}:127.0.0.1:{ftp.Port}")
            .With("-L", $"{NearAddress}:{dataPort}:127.0.0.1:{dataPort}"));
        await OpenSshClient.WaitUntilUpAsync(tunnel, "-L", port, cancellation);
        ftp.Offer("long", Length);
        var target = FtpTarget.Through(ftp, port, NearAddress);
        var (bytes, end) = await RawDownload.RunAsync(target, "long", tunnel.Kill, cancellation);
        Assert.Equal(DataEnd.Clean, end);
        Assert.True(bytes < Length);
    }
}
