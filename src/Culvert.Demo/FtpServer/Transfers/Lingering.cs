using Culvert.Net;

namespace Culvert.Demo.FtpServer.Transfers;

/// <summary>The orderly end of a connection to which all was written: our end, then the peer's, then the socket goes. Closing before the
/// peer's end came may turn into a reset that destroys the last bytes on their way.</summary>
internal static class Lingering
{
    /// <summary>Time for a client to read a last reply and hang up.</summary>
    public static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(2);

    private const int ScratchSize = 1024;

    /// <summary>Ends, waits for the peer's end within the limit, and disposes. Never faults.</summary>
    public static async Task CloseAsync(Duplex duplex, TimeSpan limit, TimeProvider time, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        byte[] scratch = new byte[ScratchSize];
        try
        {
            if (await duplex.EndAsync(either.Token) == WriteEnd.None)
                while ((await duplex.ReadAsync(scratch, either.Token)).End == ReadEnd.None) { }
        }
        catch (OperationCanceledException)
        {
            duplex.Abort(); // the peer had its time
        }
        await duplex.DisposeAsync();
    }
}
