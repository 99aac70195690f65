using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Namespaces;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Load;

/// <summary>Real TCP over a long way, where sshd up to 10.0 holds back the credit for uploads.</summary>
public sealed class LongPathTests
{
    private const int Length = 32 << 20;
    private const int MaximumRepeats = 5;
    private const string Seen = "the server holds back credit for uploads";

    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(80);

    [Theory]
    [InlineData(SshServer.OpenSsh, "-L", "no", true)]
    [InlineData(SshServer.OpenSsh, "-R", "no", true)]
    [InlineData(SshServer.OpenSsh, "-L", "yes", false)]
    [InlineData(SshServer.OpenSshNewer, "-L", "no", true)]
    public async Task Big_file_both_ways_and_whether_its_credit_is_seen_to_be_held_back(string server, string direction, string noDelay, bool isHeld)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var path = await LongPath.CreateAsync(RoundTrip, cancellation);
        var (near, far) = direction == "-L" ? (path.Near, path.Far) : (path.Far, path.Near);
        await using var ftp = await FtpServer.StartAsync(FtpServer.Vsftpd, cancellation, new FtpServerOptions { Host = far });
        await using var ssh = await SshServer.StartAsync(server, cancellation, new SshServerOptions
        {
            Host = path.Far, ListenAddress = path.Far.Address, Configuration = ["LogLevel DEBUG2"],
        });
        await using var culvert = await CulvertProcess.StartAsync(path.Near, ssh, cancellation,
            "-v", "--server-no-delay", noDelay, direction, $"ftp/{(direction == "-L" ? 0 : 2121)}:127.0.0.1:{ftp.Port}");
        var target = FtpTarget.Through(ftp, culvert.Port) with { From = near };
        await Exchange.BothWaysAsync(new Curl(), target, TransferMode.Epsv, ftp, Length, cancellation);
        // What sshd reads at once from what it forwards, and what it copies for, follows what we say that we take.
        Assert.Matches(@"ctype direct-tcpip .* max 131072|channel \d+: open confirm rwindow \d+ rmax 131072", ssh.Output);
        // A machine that lets us wait hides the rhythm for a while.
        for (var again = 0; isHeld && again < MaximumRepeats && !culvert.Output.Contains(Seen, StringComparison.Ordinal); again++)
            await Exchange.UploadAsync(new Curl(), target, TransferMode.Epsv, ftp, Length, cancellation);
        Assert.Equal(isHeld, culvert.Output.Contains(Seen, StringComparison.Ordinal));
    }
}
