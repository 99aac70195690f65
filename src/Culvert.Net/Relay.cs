namespace Culvert.Net;

/// <summary>How a one-way copy ended: because the source ended in some way, or because the sink took no more.</summary>
/// <param name="Bytes">Bytes that the sink took.</param>
/// <param name="Source">How the source ended; <see cref="ReadEnd.None"/> when the sink ended the copy.</param>
/// <param name="Sink">How the sink ended; <see cref="WriteEnd.None"/> when the source ended the copy.</param>
public readonly record struct CopyOutcome(long Bytes, ReadEnd Source, WriteEnd Sink);

/// <summary>How both copies of a relay ended.</summary>
/// <param name="Forward">From the first duplex to the second.</param>
/// <param name="Backward">From the second to the first.</param>
public readonly record struct RelayOutcome(CopyOutcome Forward, CopyOutcome Backward);

/// <summary>Counts what a copy has moved while it moves it. Thread-safe.</summary>
public sealed class ByteMeter
{
    private long _bytes;
    private bool _waitsForSink;

    /// <summary>Bytes that reached the sink so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether the copy waits for its sink right now, and not for its source.</summary>
    public bool WaitsForSink
    {
        get => Volatile.Read(ref _waitsForSink);
        internal set => Volatile.Write(ref _waitsForSink, value);
    }

    internal void Add(int count) => Interlocked.Add(ref _bytes, count);
}

/// <summary>Two one-way copies that end separately. A writer that has to wait is a reader that waits, so back-pressure crosses
/// the relay without code of its own.</summary>
public static class Relay
{
    /// <summary>How often is looked whether a peer's system has acknowledged what was left to it: the system tells nobody of it.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    /// <summary>Copies until the source ends or the sink takes no more. It ends neither: what an end means is the caller's to say.</summary>
    /// <param name="source">Read from.</param>
    /// <param name="sink">Written to.</param>
    /// <param name="meter">Told of every piece that the sink took; may be null.</param>
    /// <param name="cancellationToken">Stops; a piece on its way may be lost, so both duplexes are good for <see cref="Duplex.Abort"/> only.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<CopyOutcome> CopyAsync(Duplex source, Duplex sink, ByteMeter? meter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(sink);
        for (long total = 0; ;)
        {
            var read = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.End != ReadEnd.None)
                return new(total, read.End, WriteEnd.None);
            var count = read.Bytes.Length;
            WriteEnd end;
            meter?.WaitsForSink = true;
            try
            {
                end = await sink.WriteAsync(read.Bytes, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                meter?.WaitsForSink = false;
                source.Release(count);
            }
            if (end != WriteEnd.None)
                return new(total, ReadEnd.None, end);
            total += count;
            meter?.Add(count);
        }
    }

    /// <summary>Relays between two connections until both halves have ended, passing on what happened as what it was: an end as an
    /// end, a reset or a loss as a reset. Who takes no more has his own last bytes carried all the same, where his end is sure to be one. Whoever calls still disposes both.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; what was on its way may be lost.</exception>
    public static Task<RelayOutcome> RunAsync(Duplex first, Duplex second, CancellationToken cancellationToken) => RunAsync(first, second, TimeProvider.System, cancellationToken);

    /// <inheritdoc cref="RunAsync(Duplex, Duplex, CancellationToken)"/>
    public static async Task<RelayOutcome> RunAsync(Duplex first, Duplex second, TimeProvider time, CancellationToken cancellationToken)
    {
        var forward = PassOnAsync(first, second, cancellationToken);
        var backward = PassOnAsync(second, first, cancellationToken);
        await Task.WhenAll(
            DropAsync(first, second, forward, backward, time, cancellationToken),
            DropAsync(second, first, backward, forward, time, cancellationToken)).ConfigureAwait(false);
        return new(await forward.ConfigureAwait(false), await backward.ConfigureAwait(false));
    }

    /// <summary>Whom the source writes to may take no more, but what he sent before he went is still carried by the other copy, and through to the source's system: an upload
    /// is whole though its client doesn't wait for the server's last word in TLS. Until then the source doesn't wait for a reader, nor is it closed with something unread: that
    /// would be a reset. After it nothing keeps us, and least of all a source that says nothing and doesn't close.</summary>
    private static async Task DropAsync(Duplex source, Duplex sink, Task<CopyOutcome> copy, Task other, TimeProvider time, CancellationToken cancellationToken)
    {
        if ((await copy.ConfigureAwait(false)).Sink == WriteEnd.None || !sink.ShowsResets)
            return;
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var leaving = LeaveAsync(source, other, time, leave);
        try
        {
            while (!IsThrough(source, other) && await source.ReadAsync(leave.Token).ConfigureAwait(false) is { End: ReadEnd.None } read)
                source.Release(read.Bytes.Length);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // All is through.
        }
        finally
        {
            await leave.CancelAsync().ConfigureAwait(false);
            await leaving.ConfigureAwait(false);
        }
    }

    /// <summary>Whether all that the other copy carried is with the source's system, as far as is known.</summary>
    private static bool IsThrough(Duplex source, Task other) => other.IsCompleted && source.IsAcknowledged != false;

    /// <summary>Ends the wait for a source that may stay silent, when all is through.</summary>
    private static async Task LeaveAsync(Duplex source, Task other, TimeProvider time, CancellationTokenSource leave)
    {
        await other.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!IsThrough(source, other) && !leave.IsCancellationRequested)
            await Task.Delay(BetweenLooks, time, leave.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await leave.CancelAsync().ConfigureAwait(false);
    }

    private static async Task<CopyOutcome> PassOnAsync(Duplex source, Duplex sink, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await CopyAsync(source, sink, null, cancellationToken).ConfigureAwait(false);
            if (outcome.Source == ReadEnd.Ended)
            {
                await sink.EndAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (outcome.Source != ReadEnd.None)
            {
                // Bytes may be missing, and nobody may think otherwise.
                sink.AbortInOrder();
                source.Abort();
            }
            else if (!sink.ShowsResets)
            {
                // Bytes are missing, and what may look like the other's end is none.
                sink.Abort();
                source.Abort();
            }
            return outcome;
        }
        catch (OperationCanceledException)
        {
            sink.Abort();
            source.Abort();
            throw;
        }
    }
}
