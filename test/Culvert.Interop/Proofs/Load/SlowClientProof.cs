using System.Globalization;
using System.Net.Sockets;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Servers;
using Culvert.Ssh.Connection;

namespace Culvert.Interop.Proofs.Load;

/// <summary>A client that reads a little of 10 GB, stops, and reads on in pieces: what waits for it lies at the server, and others aren't held up.</summary>
internal sealed record SlowClientProof(long Moved, long StandstillGrowth, long Growth)
{
    private const long FileLength = 10L << 30;
    private const int FirstBytes = 1 << 20;

    /// <summary>What is read between two pauses: more than all that lies between the ends when the client stops.</summary>
    private const int Piece = 32 << 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>One receive window at its largest, and twice as much for buffers and the garbage collector, in KiB: it begins with a process that has just given back all it could.</summary>
    private const long Bound = 3 * ConnectionLimits.MaximumWindow / 1024;

    public static async Task<SlowClientProof> RunAsync(CancellationToken cancellation)
    {
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.Vsftpd, cancellation, environment: Footprint.Tidy);
        await using (var file = File.Create(tunnelled.Ftp.PathOf("huge")))
        {
            file.SetLength(FileLength); // holes: nothing is written
        }

        // Everything has been used once, and the machine code is there.
        await Exchange.BothWaysAsync(new Curl(), tunnelled.Target, TransferMode.Epsv, tunnelled.Ftp, Piece, cancellation);
        var culvert = tunnelled.Culvert.Id;
        Footprint.ForgetPeak(culvert);
        var before = Footprint.PeakOf(culvert);
        await using var client = await RawFtpClient.LoginAsync(tunnelled.Target, cancellation);
        using var door = await client.ArrangeAsync(TransferMode.Epsv, cancellation);
        using var data = await door.OpenAsync(cancellation);
        await client.AskAsync($"RETR {FtpServer.PublicName}/huge", cancellation);
        long moved = await TakeAsync(data, FirstBytes, cancellation);
        // While it stands still, a second session carries files as if nothing were.
        await Exchange.BothWaysAsync(new Curl(), tunnelled.Target, TransferMode.Pasv, tunnelled.Ftp, Piece, cancellation);
        var standstill = Footprint.PeakOf(culvert) - before;
        var wanted = InteropConfiguration.IsLong ? (3L << 30) / 2 : 3L * Piece;
        while (moved < wanted)
        {
            moved += await TakeAsync(data, Piece, cancellation);
            await Task.Delay(Pause, TimeProvider.System, cancellation);
        }

        return new SlowClientProof(moved, standstill, Footprint.PeakOf(culvert) - before);
    }

    public void Assert()
    {
        ProofRun.Tell(ToString());
        Xunit.Assert.True(StandstillGrowth <= Bound && Growth <= Bound, ToString());
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        A file of {FileLength >> 30} GiB (holes). The client reads {FirstBytes >> 20} MiB and stops; a second session then carries {Piece >> 20} MiB each way unhindered, and
        the peak of memory (RSS) rises by {StandstillGrowth / 1024.0:0.0} MiB. The client reads on in pieces of {Piece >> 20} MiB with pauses, {Moved >> 20} MiB in all, and leaves
        (the rest of the file is not moved): {Growth / 1024.0:0.0} MiB. Allowed are {Bound / 1024} MiB, three times the largest receive window of a channel.
        """);

    private static async Task<int> TakeAsync(Socket data, int count, CancellationToken cancellation)
    {
        var buffer = new byte[256 * 1024];
        for (var taken = 0; taken < count;)
        {
            var read = await data.ReceiveAsync(buffer.AsMemory(0, Math.Min(buffer.Length, count - taken)), cancellation);
            if (read == 0)
            {
                throw new InvalidOperationException($"the download ended after {taken} of {count} bytes of a piece");
            }

            taken += read;
        }

        return count;
    }
}
