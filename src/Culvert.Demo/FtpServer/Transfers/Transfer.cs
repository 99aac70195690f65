using Culvert.Demo.Dialogue;
using Culvert.Net;

namespace Culvert.Demo.FtpServer.Transfers;

/// <summary>How a transfer ended: the final reply, and the data connection if its last bytes may still be on their way.</summary>
internal readonly record struct TransferEnd(Reply Reply, Duplex? Lingering);

/// <summary>Moves the bytes of one transfer over the one data connection. Returns null when all went, otherwise the reply that says what didn't.</summary>
internal delegate Task<Reply?> DataWork(Duplex data, Transfer transfer);

/// <summary>One running transfer: opens the data connection, does the work within its limits, and says the final reply.</summary>
internal sealed class Transfer : IAsyncDisposable
{
    private readonly FtpServerOptions _options;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _ending;
    private long _bytes;
    private volatile bool _aborted;

    /// <summary>Starts.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="door">The data connection agreed on; the transfer owns it from now on.</param>
    /// <param name="work">What to do with it.</param>
    /// <param name="stop">The end of the session.</param>
    public Transfer(FtpServerOptions options, DataDoor door, DataWork work, CancellationToken stop)
    {
        _options = options;
        _limit = new CancellationTokenSource(options.DataOpenLimit, options.Time);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(stop, _limit.Token);
        End = RunAsync(door, work);
    }

    /// <summary>Its end. Never faults.</summary>
    public Task<TransferEnd> End { get; }

    /// <summary>Bytes of the data connection so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Cancelled when the transfer must end: aborted, stalled, or the session is over.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>ABOR: the data connection is reset and the final reply will be 426.</summary>
    public void Abort()
    {
        _aborted = true;
        _ending.Cancel();
    }

    /// <summary>Notes progress: the stall limit begins anew.</summary>
    public void Moved(int count)
    {
        Interlocked.Add(ref _bytes, count);
        _limit.CancelAfter(_options.StallLimit);
    }

    /// <summary>Frees the timers of a transfer that has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await End;
        _ending.Dispose();
        _limit.Dispose();
    }

    private async Task<TransferEnd> RunAsync(DataDoor door, DataWork work)
    {
        Duplex? data = null;
        bool complete = false;
        try
        {
            await using (door)
            {
                data = await door.OpenAsync(Ending);
            }
            _limit.CancelAfter(_options.StallLimit);
            var failure = await work(data, this);
            complete = failure is null;
            return complete ? new(new(226, "Transfer complete."), data) : new(failure!.Value, null);
        }
        catch (NetworkException cannot)
        {
            return new(new(425, $"Can't open data connection: {cannot.Failure.Text}."), null);
        }
        catch (OperationCanceledException)
        {
            string why = _aborted ? "Transfer aborted." : _limit.IsCancellationRequested ? "No progress on the data connection; transfer aborted." : "Session ends; transfer aborted.";
            return data is null && !_aborted ? new(new(425, "Nobody came to the data connection."), null) : new(new(426, why), null);
        }
        catch (Exception disk) when (disk is IOException or UnauthorizedAccessException)
        {
            // Nothing of the machine's own paths goes out: the exception's text would name the folder.
            return new(new(451, "Local error in processing; transfer aborted."), null);
        }
        finally
        {
            if (data is not null && !complete)
            {
                data.Abort();
                await data.DisposeAsync();
            }
        }
    }
}
