using System.Globalization;
using System.Net.Sockets;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Servers;
using Culvert.Ssh;

namespace Culvert.Interop.Proofs.Load;

/// <summary>Many downloads whose clients have stopped reading: their windows share one budget, and one more client still gets its file.</summary>
internal sealed record StalledClientsProof(int Count, long Growth)
{
    private const int FirstBytes = 64 * 1024;

    /// <summary>Sessions beside those that stall; one may begin while the one before it is still ending.</summary>
    private const int Others = 4;

    /// <summary>What lies here of each download at the least, in KiB: half of what the budget leaves for each of 256.</summary>
    private const long LeastHeld = 512;

    /// <summary>The budget of all windows, and a fixed amount for each session and for the garbage collector, in KiB.</summary>
    private long Bound => (WindowBudget.DefaultBytes / 1024) + (Count * 512L) + (32 * 1024);

    public static async Task<StalledClientsProof> RunAsync(int count, CancellationToken cancellation)
    {
        var limit = (count + Others).ToString(CultureInfo.InvariantCulture);
        await using var tunnelled = await TunnelledServer.StartAsync(
            FtpServer.ProFtpd, cancellation, environment: Footprint.Tidy, options: ["--max-sessions", limit, "--max-sessions-per-user", limit]);
        await using (var file = File.Create(tunnelled.Ftp.PathOf("huge")))
        {
            file.SetLength(1L << 30);
        }

        await Exchange.BothWaysAsync(new Curl(), tunnelled.Target, TransferMode.Epsv, tunnelled.Ftp, 1 << 20, cancellation);
        var culvert = tunnelled.Culvert.Id;
        Footprint.ForgetPeak(culvert);
        var before = Footprint.PeakOf(culvert);
        List<RawFtpClient> clients = [];
        List<Socket> stalled = [];
        try
        {
            for (var number = 0; number < count; number++)
            {
                var client = await RawFtpClient.LoginAsync(tunnelled.Target, cancellation);
                clients.Add(client);
                using var door = await client.ArrangeAsync(number % 2 == 0 ? TransferMode.Pasv : TransferMode.Epsv, cancellation);
                var data = await door.OpenAsync(cancellation);
                stalled.Add(data);
                await client.AskAsync($"RETR {FtpServer.PublicName}/huge", cancellation);
                await data.ReceiveAsync(new byte[FirstBytes], cancellation);
            }

            await Exchange.BothWaysAsync(new Curl(), tunnelled.Target, TransferMode.Epsv, tunnelled.Ftp, 4 << 20, cancellation);
            return new StalledClientsProof(count, Footprint.PeakOf(culvert) - before);
        }
        finally
        {
            stalled.ForEach(data => data.Dispose());
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    public void Assert()
    {
        ProofRun.Tell(ToString());
        Xunit.Assert.True(Growth <= Bound, ToString());
        // A download that isn't held up leaves nothing behind: then this would have looked at nothing.
        Xunit.Assert.True(Growth >= Count * LeastHeld, ToString());
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        {Count} downloads whose clients read a little and stop. One more client then gets its files. The peak of memory (RSS) rises by {Growth / 1024.0:0.0} MiB; allowed are
        {Bound / 1024} MiB: the budget of all receive windows, {WindowBudget.DefaultBytes >> 20} MiB, and half a MiB for each session.
        """);
}
