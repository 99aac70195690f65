using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Namespaces;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Load;

/// <summary>The FTP server stands on a host of its own behind the SSH server, out of the client's reach.</summary>
public sealed class ThirdHostTests
{
    [Fact]
    public async Task Ftp_server_behind_the_ssh_server()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var network = await PrivateNetwork.CreateAsync(3, cancellation);
        var (near, middle, far) = (network.Hosts[0], network.Hosts[1], network.Hosts[2]);
        var ftpOptions = new FtpServerOptions { Host = far, ListenAddress = far.Address };
        await using var ftp = await FtpServer.StartAsync(FtpServer.Vsftpd, cancellation, ftpOptions);
        var sshOptions = new SshServerOptions { Host = middle, ListenAddress = middle.Address };
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, cancellation, sshOptions);
        await using var culvert = await CulvertProcess.StartAsync(near, ssh, cancellation, "-L", $"ftp/0:{far.Address}:{ftp.Port}");
        var target = FtpTarget.Through(ftp, culvert.Port) with { From = near };
        foreach (var mode in Enum.GetValues<TransferMode>())
        {
            await Exchange.BothWaysAsync(new Curl(), target, mode, ftp, 200_000, cancellation);
        }

        // The leg that SSH doesn't cover is named.
        await culvert.WaitForAsync(new("not encrypted"), cancellation);
    }
}
