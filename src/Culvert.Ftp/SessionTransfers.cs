using Culvert.Ftp.Dialogue;
using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>The transfers of a session, as its observer and the log are told of them.</summary>
/// <remarks>What the conversation calls complete is told only when the client has outlived it. The system of a process that is killed closes all its sockets at
/// once and, where nothing lay unread, in order: as if it had read to the end, while the last bytes that it read are on no disk.</remarks>
/// <param name="relay">Its observer and its log.</param>
/// <param name="session">Whose transfers.</param>
/// <param name="armLifeSign">Calls <see cref="ClientStays"/> after a time.</param>
internal sealed class SessionTransfers(FtpRelay relay, TransferSession session, Action<TimeSpan> armLifeSign)
{
    /// <summary>A client whose control connection stands so long after its transfer wasn't killed in it. Both connections of a process that dies end within
    /// milliseconds, and people who watch can wait for a second.</summary>
    private static readonly TimeSpan LifeSign = TimeSpan.FromSeconds(1);

    private readonly Dictionary<int, Transfer> _running = [];
    private readonly Dictionary<int, Judged> _taking = [];
    private readonly Queue<(Judged Judged, long Since)> _taken = [];

    /// <summary>Data paths of downloads that are complete if the client takes what was sent: the last bytes may still lie unread in its socket.</summary>
    public IEnumerable<int> Taking => _taking.Keys;

    public void Begin(Decision.Began began, DataPath? path)
    {
        // In block mode the connection has carried other files before: that the client has taken the last one can't be told from how the connection ends.
        if (_taking.Remove(began.Path, out var judged))
            EndUnverified(judged, "its end stands inside the data, on a connection that went on with another file");
        var (up, down) = (path?.Uploaded ?? 0, path?.Downloaded ?? 0);
        var transfer = new Transfer(FtpRelay.NextTransfer(), session, began, relay.Time,
            () => began.Direction == TransferDirection.Upload ? (path?.Uploaded ?? 0) - up : (path?.Downloaded ?? 0) - down);
        _running[began.Path] = transfer;
        relay.Observer?.Started(transfer);
    }

    public void Correct(Decision.Corrected corrected)
    {
        if (_running.TryGetValue(corrected.Path, out var correcting))
            correcting.Correct(corrected.Facts);
    }

    public void Expect(Decision.Expect expect)
    {
        if (_running.TryGetValue(expect.Path, out var expecting))
            expecting.Expect(expect.Size, expect.Exactly);
    }

    /// <summary>The conversation has judged. A complete download is not told before the client has taken it, and nothing complete before the client has outlived it.</summary>
    /// <param name="finished">The judgement.</param>
    /// <param name="takesTime">There is a data connection that the client has yet to close.</param>
    /// <param name="isUnheard">The client's end had come before it was told: nobody reads that, unless more was said before the end.</param>
    public void Finish(Decision.Finished finished, bool takesTime, bool isUnheard)
    {
        if (!_running.Remove(finished.Path, out var transfer))
            return;
        transfer.StopCounting();
        if (finished.Result != TransferResult.Complete)
            End(transfer, finished);
        else if (takesTime && transfer.Direction == TransferDirection.Download)
            _taking[finished.Path] = new(transfer, finished, isUnheard);
        else
            AwaitLifeSign(new(transfer, finished, isUnheard));
    }

    /// <summary>The client's data connection is closed. A client that has read the end of its data closes in order. One that is killed before that, or gives
    /// up, leaves bytes unread, and its system answers with a reset: then nobody may call the transfer complete.</summary>
    public void EndTaken(int path, ReadEnd clientEnd)
    {
        if (!_taking.Remove(path, out var judged))
            return;
        if (clientEnd == ReadEnd.Ended)
            AwaitLifeSign(judged);
        else
            EndUnverified(judged, clientEnd == ReadEnd.None ? "the client has not closed its data connection" : "the client broke its data connection, and may not have read all");
    }

    /// <summary>The client has said something: it lives.</summary>
    public void ClientSpoke()
    {
        while (_taken.TryDequeue(out var taken))
            End(taken.Judged);
    }

    /// <summary>Time has gone by.</summary>
    public void ClientStays()
    {
        while (_taken.TryPeek(out var taken))
        {
            var left = LifeSign - relay.Time.GetElapsedTime(taken.Since);
            if (left > TimeSpan.Zero)
            {
                armLifeSign(left);
                return;
            }
            _taken.Dequeue();
            End(taken.Judged);
        }
    }

    /// <summary>The client's control connection is closed; one that has taken all that was said to it had done with its transfers.</summary>
    public void ClientLeft(bool hasTakenAll)
    {
        while (_taken.TryDequeue(out var taken))
        {
            if (hasTakenAll && !taken.Judged.IsUnheard)
                End(taken.Judged);
            else
                EndUnverified(taken.Judged, "the client went away before it had read the reply, and may not have kept all");
        }
    }

    /// <summary>The session ends in the middle of what was to be done: nobody will judge what still runs.</summary>
    public void CutOff()
    {
        foreach (var transfer in _running.Values)
            End(transfer, new(0, TransferResult.Failed, Reply: null, "the session was cut off"));
        _running.Clear();
    }

    private void AwaitLifeSign(Judged judged)
    {
        _taken.Enqueue((judged, relay.Time.GetTimestamp()));
        if (_taken.Count == 1)
            armLifeSign(LifeSign);
    }

    private void EndUnverified(Judged judged, string cause) => End(judged.Transfer, judged.As with { Result = TransferResult.Unverified, Cause = cause });

    private void End(Judged judged) => End(judged.Transfer, judged.As);

    private void End(Transfer transfer, Decision.Finished finished)
    {
        transfer.End(finished.Result, finished.Reply, finished.Cause);
        Log.TransferEnded(relay.Logger, session.Id, transfer.Verb, transfer.Path, transfer.Result, transfer.Bytes, finished.Cause ?? finished.Reply ?? "");
        if (transfer.CountDiffers)
            Log.CountDiffers(relay.Logger, session.Id, transfer.Verb, transfer.Path, transfer.ExpectedSize ?? 0, transfer.Bytes);
        relay.Observer?.Ended(transfer);
    }

    /// <summary>A transfer that is complete if its client has taken it and outlived it.</summary>
    private readonly record struct Judged(Transfer Transfer, Decision.Finished As, bool IsUnheard);
}
