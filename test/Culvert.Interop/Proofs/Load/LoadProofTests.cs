using System.Globalization;
using System.Net.Sockets;
using Culvert.Interop.Clients;
using Culvert.Interop.Failures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Proofs.Load;

/// <summary>Much in a row and much at once: what was taken for it is given back. And a client that doesn't read costs no more than its window.</summary>
public sealed class LoadProofTests
{
    /// <summary>TIME_WAIT bounds a sustained rate of fresh ports near 470 a second; the proof stays below.</summary>
    private const int MostListingsPerSecond = 400;

    private const int ListingsPerSession = 50;
    private const int FileLength = 1 << 20;

    /// <summary>Every mode in both directions: then everything has been used once.</summary>
    private const int FewAtOnce = 8;

    private static readonly TransferMode[] Modes = Enum.GetValues<TransferMode>();

    [Fact]
    public async Task Everything_is_given_back()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (listings, parallel) = (ProofRun.Count(shortened: 300, full: 10_000), ProofRun.Count(shortened: 40, full: 200));
        var (inARow, rate) = await ListingsAsync(listings, cancellation);
        var (atOnce, peak) = await ParallelAsync(parallel, rounds: ProofRun.Count(shortened: 2, full: 4), cancellation);
        var slow = await SlowClientProof.RunAsync(cancellation);
        var stalled = await StalledClientsProof.RunAsync(parallel, cancellation);

        await new ProofPage("Load: what is taken is given back", nameof(LoadProofTests))
            .Paragraph("Culvert runs with `DOTNET_GCgen0size=400000`, so that memory in use is memory held, and not what has yet to be collected.")
            .Heading("Listings in a row")
            .Paragraph(string.Create(CultureInfo.InvariantCulture, $"""
                {listings} listings, each on a data connection of its own, in all four modes by turns and {ListingsPerSession} to a session, at {rate:0} a second.
                """))
            .Table(["after", "descriptors", "listening ports", "memory (PSS), MiB"], inARow.Select(Row))
            .Heading("Transfers at once")
            .Paragraph(string.Create(CultureInfo.InvariantCulture, $"""
                {parallel} transfers of 1 MiB, half of them uploads, all under way before the first one may end; then again. All arrive unchanged.
                The most memory in use (RSS) was {peak / 1024.0:0.0} MiB.
                """))
            .Table(["after", "descriptors", "listening ports", "memory (PSS), MiB"], atOnce.Select(Row))
            .Heading("A client that doesn't read")
            .Paragraph(slow.ToString())
            .Heading("Many clients that don't read")
            .Paragraph(stalled.ToString())
            .SaveAsync("load.md", cancellation);

        AssertGivenBack(inARow);
        AssertGivenBack(atOnce);
        slow.Assert();
        stalled.Assert();
    }

    private static IReadOnlyList<object> Row((string After, Footprint Footprint) entry) =>
        [entry.After, entry.Footprint.Descriptors, entry.Footprint.Ports.Count, (entry.Footprint.Memory / 1024.0).ToString("0.0", CultureInfo.InvariantCulture)];

    /// <summary>The first one is taken when everything has been used once.</summary>
    private static void AssertGivenBack(IReadOnlyList<(string After, Footprint Footprint)> footprints)
    {
        var (_, first) = footprints[0];
        var told = string.Join('\n', footprints.Select(entry => $"{entry.After}: {entry.Footprint}"));
        ProofRun.Tell(told);
        Assert.All(footprints, entry => Assert.True(entry.Footprint.IsNoMoreThan(first), told));
    }

    private static async Task<(IReadOnlyList<(string After, Footprint Footprint)> Footprints, double Rate)> ListingsAsync(int count, CancellationToken cancellation)
    {
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation, environment: Footprint.Tidy);
        for (var file = 0; file < 20; file++)
        {
            tunnelled.Ftp.Offer($"file-{file}", file);
        }

        var steps = 10;
        List<(string After, Footprint Footprint)> footprints = [];
        await ListAsync(tunnelled.Target, count / steps, cancellation);
        footprints.Add(($"{count / steps}", await Footprint.SettledAsync(tunnelled.Culvert.Id, null, cancellation)));
        var listing = TimeSpan.Zero;
        for (var step = 2; step <= steps; step++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await ListAsync(tunnelled.Target, count / steps, cancellation);
            listing += TimeProvider.System.GetElapsedTime(began);
            footprints.Add(($"{step * count / steps}", await Footprint.SettledAsync(tunnelled.Culvert.Id, footprints[0].Footprint, cancellation)));
        }

        return (footprints, count * (steps - 1) / steps / listing.TotalSeconds);
    }

    private static async Task ListAsync(FtpTarget target, int count, CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var done = 0; done < count;)
        {
            await using var client = await RawFtpClient.LoginAsync(target, cancellation);
            for (var number = 0; number < ListingsPerSession && done < count; number++, done++)
            {
                var (bytes, end, reply) = await RawTransfer.ListAsync(client, Modes[done % Modes.Length], cancellation);
                Assert.True(bytes > 0 && end == DataEnd.Clean && reply?.StartsWith('2') == true, $"listing {done}: {bytes} bytes, {end}, {reply}");
                var ahead = TimeSpan.FromSeconds((double)done / MostListingsPerSecond) - TimeProvider.System.GetElapsedTime(began);
                if (ahead > TimeSpan.Zero)
                {
                    await Task.Delay(ahead, TimeProvider.System, cancellation);
                }
            }

            await client.AskAsync("QUIT", cancellation);
        }
    }

    private static async Task<(IReadOnlyList<(string After, Footprint Footprint)> Footprints, long Peak)> ParallelAsync(
        int count, int rounds, CancellationToken cancellation)
    {
        var limit = count.ToString(CultureInfo.InvariantCulture);
        await using var tunnelled = await TunnelledServer.StartAsync(
            FtpServer.ProFtpd, cancellation, environment: Footprint.Tidy, options: ["--max-sessions", limit, "--max-sessions-per-user", limit]);
        var content = await File.ReadAllBytesAsync(tunnelled.Ftp.Offer("shared", FileLength), cancellation);
        List<(string After, Footprint Footprint)> footprints = [];
        await AllAtOnceAsync(tunnelled, content, FewAtOnce, cancellation);
        footprints.Add(($"{FewAtOnce} transfers", await Footprint.SettledAsync(tunnelled.Culvert.Id, null, cancellation)));
        for (var round = 1; round <= rounds; round++)
        {
            await AllAtOnceAsync(tunnelled, content, count, cancellation);
            footprints.Add(($"round {round}", await Footprint.SettledAsync(tunnelled.Culvert.Id, footprints[0].Footprint, cancellation)));
        }

        return (footprints, Footprint.PeakOf(tunnelled.Culvert.Id));
    }

    private static async Task AllAtOnceAsync(TunnelledServer tunnelled, byte[] content, int count, CancellationToken cancellation)
    {
        var (underWay, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await Task.WhenAll(Enumerable.Range(0, count).Select(async number =>
        {
            try
            {
                await OneAsync(number);
            }
            catch (Exception e)
            {
                all.TrySetException(e); // nobody waits for one that will not come
                throw;
            }
        }));

        async Task OneAsync(int number)
        {
            await using var client = await RawFtpClient.LoginAsync(tunnelled.Target, cancellation);
            var (mode, name) = (Modes[number % Modes.Length], $"copy-{number}");
            if (number % 8 < 4)
            {
                var download = await RawTransfer.DownloadAsync(client, mode, "shared", content, FileLength / 3, MeetAsync, cancellation);
                Assert.True(download is { Same: true, End: DataEnd.Clean, HasSuccessReply: true }, $"{number}: {download}");
            }
            else
            {
                var upload = await RawTransfer.UploadAsync(client, mode, name, content, FileLength / 3, MeetAsync, cancellation);
                Assert.True(upload.HasSuccessReply, $"{number}: {upload}");
                Assert.Equal(content, await File.ReadAllBytesAsync(tunnelled.Ftp.PathOf(name), cancellation));
            }

            await client.AskAsync("QUIT", cancellation);
        }

        Task MeetAsync(Socket own)
        {
            if (Interlocked.Increment(ref underWay) == count)
            {
                all.TrySetResult();
            }

            return all.Task.WaitAsync(cancellation);
        }
    }
}
