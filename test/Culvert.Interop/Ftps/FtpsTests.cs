using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Ftps;

/// <summary>TLS in FTP with real clients and servers, through a real sshd: files of random bytes, hashes compared. The servers demand TLS everywhere, and
/// vsftpd and ProFTPD that data connections resume the control connection's session.</summary>
/// <remarks>curl 7.88 has no TLS on data connections in active mode that works, with a server directly neither: it waits for ever, or sends in clear.</remarks>
public sealed class FtpsTests
{
    private const int Length = 400_000;
    private const int BigLength = 20_000_000;

    private static readonly (FtpClient Client, TransferMode Mode)[] Insisting =
    [
        (new Curl(), TransferMode.Pasv), (new Curl(), TransferMode.Epsv),
        (new Lftp(), TransferMode.Pasv), (new Lftp(), TransferMode.Epsv), (new Lftp(), TransferMode.Port),
        (new PythonFtplib(), TransferMode.Pasv), (new PythonFtplib(), TransferMode.Port),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Servers => [.. FtpServer.All];

    public static TheoryData<string, string> ServersAndWays()
    {
        var data = new TheoryData<string, string>();
        foreach (var server in FtpServer.All)
        {
            data.Add(server, "both");
            data.Add(server, "originate");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Clients_that_insist_on_tls_reach_a_server_without(string server)
    {
        await using var all = await TunnelledServer.StartAsync(server, Cancellation, options: ["--ftps", "terminate"]);
        foreach (var (client, mode) in Insisting)
        {
            await Exchange.BothWaysAsync(client, all.Target with { InsistsOnTls = true }, mode, all.Ftp, Length, Cancellation);
        }

        await Exchange.BothWaysAsync(new Curl(), all.Target, TransferMode.Eprt, all.Ftp, Length, Cancellation); // and one that doesn't
    }

    [Theory]
    [MemberData(nameof(ServersAndWays))]
    public async Task A_server_that_demands_tls_is_reached(string server, string ftps)
    {
        await using var all = await DemandingAsync(server, ftps);
        var cells = ftps == "both" ? Insisting : [.. Enum.GetValues<TransferMode>().Select(mode => ((FtpClient)new Curl(), mode)), .. Insisting[2..]];
        foreach (var (client, mode) in cells)
        {
            await Exchange.BothWaysAsync(client, all.Target with { InsistsOnTls = ftps == "both" }, mode, all.Ftp, Length, Cancellation);
        }

        await Exchange.BothWaysAsync(cells[0].Item1, all.Target with { InsistsOnTls = ftps == "both" }, cells[0].Item2, all.Ftp, BigLength, Cancellation);
    }

    [Theory]
    [InlineData(FtpServer.Vsftpd)]
    [InlineData(FtpServer.ProFtpd)]
    public async Task Tls_begins_with_the_connection_on_both_sides(string server)
    {
        await using var all = await TunnelledServer.StartAsync(
            server, Cancellation, ftpOptions: new FtpServerOptions { RequiresTls = true, BeginsWithTls = true },
            optionsFor: ftp => ["--ftps", "both", "--ftps-implicit", "yes", "--ftps-ca", ftp.Certificate]);
        var target = all.Target with { InsistsOnTls = true, BeginsWithTls = true };
        foreach (var (client, mode) in Insisting.Where(one => one.Client is not PythonFtplib)) // ftplib hasn't this
        {
            await Exchange.BothWaysAsync(client, target, mode, all.Ftp, Length, Cancellation);
        }
    }

    // In TLS nothing goes out of band: the server has to read ABOR while it sends.
    [Theory]
    [MemberData(nameof(ServersAndWays))]
    public async Task An_abort_in_tls_ends_the_transfer_and_the_session_goes_on(string server, string ftps)
    {
        await using var all = await DemandingAsync(server, ftps);
        all.Ftp.Offer("big", BigLength);
        all.Ftp.Offer("small", Length);
        using var folder = new TemporaryFolder();
        var result = await PythonFtplib.RunAsync(
            all.Target with { InsistsOnTls = ftps == "both" }, TransferMode.Pasv, Cancellation,
            "abort", $"{FtpServer.PublicName}/big", $"{FtpServer.PublicName}/small", folder["copy"]);
        Assert.True(result.Succeeded, result.ToString());
        Assert.Equal(await File.ReadAllBytesAsync(all.Ftp.PathOf("small"), Cancellation), await File.ReadAllBytesAsync(folder["copy"], Cancellation));
    }

    // Each control connection has its own session, and a server refuses a data connection with another's.
    [Theory]
    [InlineData(FtpServer.Vsftpd)]
    [InlineData(FtpServer.ProFtpd)]
    public async Task Many_sessions_at_once_and_many_files_in_each_keep_their_sessions(string server)
    {
        await using var all = await DemandingAsync(server, "originate");
        var sessions = Enumerable.Range(0, 6).Select(async number =>
        {
            var folder = Path.Combine(all.Ftp.PublicFolder, $"many{number}");
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
            var result = await PythonFtplib.RunAsync(all.Target, TransferMode.Pasv, Cancellation, "many", "12", $"{FtpServer.PublicName}/many{number}");
            Assert.True(result.Succeeded, result.ToString());
        });
        await Task.WhenAll(sessions);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_certificate_that_is_not_believed_ends_the_session_before_the_password(string server)
    {
        await using var all = await TunnelledServer.StartAsync(
            server, Cancellation, ftpOptions: new FtpServerOptions { RequiresTls = true }, options: ["--ftps", "originate"]);
        var result = await new Curl().DownloadAsync(all.Target, TransferMode.Epsv, "x", "/dev/null", Cancellation);
        Assert.False(result.Succeeded, result.ToString());
        Assert.Contains("not trusted", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("< 230", result.Output, StringComparison.Ordinal);
    }

    // Client and server speak TLS with each other. The server is on another loopback address, so that its port can be open here too.
    [Fact]
    public async Task A_session_that_cannot_be_read_carries_files_through_the_servers_own_port()
    {
        var port = FreePort.Next();
        await using var all = await TunnelledServer.StartAsync(
            FtpServer.Vsftpd, Cancellation,
            ftpOptions: new FtpServerOptions { ListenAddress = "127.0.0.2", RequiresTls = true, PassivePort = port },
            options: ["--ftps", "opaque", "--passive-ports", $"{port}-{port}"]);
        var target = FtpTarget.Through(all.Ftp, all.Culvert.Port) with { InsistsOnTls = true };
        await Exchange.BothWaysAsync(new Curl(), target, TransferMode.Epsv, all.Ftp, Length, Cancellation);
        await Exchange.BothWaysAsync(new Curl(), target, TransferMode.Pasv, all.Ftp, Length, Cancellation);
        await Exchange.BothWaysAsync(new Lftp(), target, TransferMode.Pasv, all.Ftp, Length, Cancellation);
    }

    private static Task<TunnelledServer> DemandingAsync(string server, string ftps) => TunnelledServer.StartAsync(
        server, Cancellation, ftpOptions: new FtpServerOptions { RequiresTls = true },
        optionsFor: ftp => ["--ftps", ftps, "--ftps-ca", ftp.Certificate]);
}
