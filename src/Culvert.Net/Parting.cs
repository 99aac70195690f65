namespace Culvert.Net;

/// <summary>Last words to a peer that is sent away.</summary>
public static class Parting
{
    /// <summary>How long the peer has to read them before its connection is reset.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    /// <summary>Says them and ends in order; what the peer says meanwhile is read and dropped, since unread bytes would turn the close into a reset,
    /// which can swallow what was said. The caller still disposes.</summary>
    /// <param name="peer">Who is sent away.</param>
    /// <param name="words">What it's told.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Ends it at once.</param>
    public static async Task SayAsync(Duplex peer, ReadOnlyMemory<byte> words, TimeProvider time, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(peer);
        using var linger = new CancellationTokenSource(Linger, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(linger.Token, stop);
        try
        {
            await peer.WriteAsync(words, either.Token).ConfigureAwait(false);
            await peer.EndAsync(either.Token).ConfigureAwait(false);
            var dropped = new byte[512];
            while ((await peer.ReadAsync(dropped, either.Token).ConfigureAwait(false)).End == ReadEnd.None)
            {
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            peer.Abort();
        }
    }
}
