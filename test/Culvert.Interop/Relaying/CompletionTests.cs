using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Relaying;

/// <summary>What Culvert reports of whole transfers: that they are complete, of whichever client and however it takes its leave (wget says no QUIT).</summary>
public sealed partial class CompletionTests
{
    private const int Length = 100_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(FtpServer.Vsftpd)]
    [InlineData(FtpServer.PyFtpdlib)]
    public async Task Whole_transfers_of_every_client_are_called_complete(string server)
    {
        await using var tunnelled = await TunnelledServer.StartAsync(server, Cancellation);
        var transfers = 0;
        foreach (var client in FtpClient.All)
        {
            foreach (var mode in client.Modes)
            {
                await Exchange.BothWaysAsync(client, tunnelled.Target, mode, tunnelled.Ftp, Length, Cancellation);
                transfers += client.CanUpload ? 2 : 1;
                await AssertCompleteAsync(tunnelled, transfers, client, mode);
            }
        }
    }

    [Fact]
    public async Task Whole_transfers_in_tls_are_called_complete()
    {
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, Cancellation, options: ["--ftps", "terminate"]);
        var transfers = 0;
        foreach (var client in new FtpClient[] { new Curl(), new Lftp(), new PythonFtplib() })
        {
            await Exchange.BothWaysAsync(client, tunnelled.Target with { InsistsOnTls = true }, TransferMode.Pasv, tunnelled.Ftp, Length, Cancellation);
            await AssertCompleteAsync(tunnelled, transfers += 2, client, TransferMode.Pasv);
        }
    }

    private static async Task AssertCompleteAsync(TunnelledServer tunnelled, int count, FtpClient client, TransferMode mode)
    {
        var last = await tunnelled.Culvert.WaitForAsync(Transfer(), Cancellation, count);
        Assert.True(last.Groups["how"].Value == "complete", $"{client.Name}, {mode}: {tunnelled.Culvert.Output}");
    }

    [GeneratedRegex(@"^transfer (?<how>\w+): (RETR|STOR|APPE|STOU)")]
    private static partial Regex Transfer();
}
