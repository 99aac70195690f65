using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Load;

/// <summary>Much at once, much in a row, and much in one piece.</summary>
public sealed class LoadTests
{
    private const int Sessions = 50;
    private const int Files = 1000;

    private static readonly int BigLength = InteropConfiguration.IsLong ? 1 << 30 : 64 << 20;

    [Theory]
    [InlineData("-L")]
    [InlineData("-R")]
    public async Task Big_file_both_ways(string direction)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation, direction: direction);
        await Exchange.BothWaysAsync(new Curl(), tunnelled.Target, TransferMode.Epsv, tunnelled.Ftp, BigLength, cancellation);
    }

    [Fact]
    public async Task Thousand_files_mirrored_in_one_session()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation);
        using var folder = new TemporaryFolder();
        var sources = Enumerable.Range(0, Files).Select(number => tunnelled.Ftp.Offer($"file-{number}", number)).ToList();
        var result = await Lftp.RunAsync(
            tunnelled.Target, TransferMode.Pasv, $"mirror . {folder["copy"]}", cancellation, TimeSpan.FromMinutes(5));
        Assert.True(result.Succeeded, Tail(result));
        Assert.All(sources, source => Assert.Equal(
            Exchange.Hash(source), Exchange.Hash(Path.Combine(folder["copy"], Path.GetFileName(source)))));
    }

    [Theory]
    [InlineData(nameof(TransferMode.Pasv))]
    [InlineData(nameof(TransferMode.Port))]
    public async Task Thousand_transfers_leave_no_descriptor_behind(string mode)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation);
        await ManyAsync(1);
        var (descriptors, ports) = await SettledAsync(tunnelled.Culvert.Id, int.MaxValue, cancellation);
        await ManyAsync(Files / 2);
        var after = await SettledAsync(tunnelled.Culvert.Id, descriptors, cancellation);
        Assert.True(after.Descriptors <= descriptors, $"{descriptors} descriptors after the first transfers, {after.Descriptors} after {Files}");
        Assert.Empty(after.Ports.Except(ports));

        async Task ManyAsync(int count)
        {
            var result = await PythonFtplib.RunAsync(
                tunnelled.Target, Enum.Parse<TransferMode>(mode), cancellation, "many", count.ToString(CultureInfo.InvariantCulture), FtpServer.PublicName);
            Assert.True(result.Succeeded, Tail(result));
        }
    }

    [Fact]
    public async Task Fifty_sessions_at_once()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.ProFtpd, cancellation);
        var source = tunnelled.Ftp.Offer("shared", 300_000);
        using var folder = new TemporaryFolder();
        // Slow enough that the last session has begun before the first one ends.
        var transfers = Enumerable.Range(0, Sessions).Select(async number =>
        {
            string[] arguments =
            [
                .. Curl.Arguments(tunnelled.Target, number % 2 == 0 ? TransferMode.Epsv : TransferMode.Port), "--limit-rate", "30k",
                "--output", folder[$"copy-{number}"], Curl.Url(tunnelled.Target, "pub/shared"),
            ];
            return await Command.RunAsync(new CommandLine(Peers.Require("curl"), arguments), cancellation, patience: TimeSpan.FromMinutes(3));
        });
        var results = await Task.WhenAll(transfers);
        Assert.All(results, result => Assert.True(result.Succeeded, result.ToString()));
        Assert.All(Enumerable.Range(0, Sessions), number => Assert.Equal(Exchange.Hash(source), Exchange.Hash(folder[$"copy-{number}"])));
    }

    /// <summary>Descriptors and listening ports of a process once its ended sessions have gone, or after a while regardless.</summary>
    private static async Task<(int Descriptors, IReadOnlySet<int> Ports)> SettledAsync(int process, int wanted, CancellationToken cancellation)
    {
        const int Attempts = 100;
        var last = -1;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var now = ProcessTable.DescriptorsOf(process);
            if (now == last && now <= wanted)
            {
                break;
            }

            last = now;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellation);
        }

        return (ProcessTable.DescriptorsOf(process), ProcessTable.ListeningPortsOf(process));
    }

    private static string Tail(CommandResult result) => string.Join('\n', result.ToString().Split('\n').TakeLast(40));
}
