using Culvert.Ftp.Dialogue;
using Culvert.Net;

namespace Culvert.Ftp;

/// <summary>The transfers of a session, as its observer and the log are told of them.</summary>
internal sealed class SessionTransfers(FtpRelay relay, TransferSession session)
{
    private readonly Dictionary<int, Transfer> _running = [];
    private readonly Dictionary<int, (Transfer Transfer, Decision.Finished As)> _taking = [];

    /// <summary>Data paths of downloads that are complete if the client takes what was sent: the last bytes may still lie unread in its socket.</summary>
    public IEnumerable<int> Taking => _taking.Keys;

    public void Begin(Decision.Began began, DataPath? path)
    {
        // In block mode the connection has carried other files before.
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

    /// <summary>The conversation has judged. A complete download is not told before the client has taken it.</summary>
    /// <param name="finished">The judgement.</param>
    /// <param name="takesTime">There is a data connection that the client has yet to close.</param>
    public void Finish(Decision.Finished finished, bool takesTime)
    {
        if (!_running.Remove(finished.Path, out var transfer))
            return;
        transfer.StopCounting();
        if (takesTime && finished.Result == TransferResult.Complete && transfer.Direction == TransferDirection.Download)
            _taking[finished.Path] = (transfer, finished);
        else
            End(transfer, finished);
    }

    /// <summary>The client's data connection is closed. A client that has read the end of its data closes in order. One that is killed before that, or gives
    /// up, leaves bytes unread, and its system answers with a reset: then nobody may call the transfer complete.</summary>
    public void EndTaken(int path, ReadEnd clientEnd)
    {
        if (!_taking.Remove(path, out var taken))
            return;
        End(taken.Transfer, clientEnd == ReadEnd.Ended ? taken.As : taken.As with
        {
            Result = TransferResult.Unverified,
            Cause = clientEnd == ReadEnd.None ? "the client has not closed its data connection" : "the client broke its data connection, and may not have read all",
        });
    }

    /// <summary>The session ends in the middle of what was to be done: nobody will judge what still runs.</summary>
    public void CutOff()
    {
        foreach (var transfer in _running.Values)
            End(transfer, new(0, TransferResult.Failed, Reply: null, "the session was cut off"));
        _running.Clear();
    }

    private void End(Transfer transfer, Decision.Finished finished)
    {
        transfer.End(finished.Result, finished.Reply, finished.Cause);
        Log.TransferEnded(relay.Logger, session.Id, transfer.Verb, transfer.Path, transfer.Result, transfer.Bytes, finished.Cause ?? finished.Reply ?? "");
        if (transfer.CountDiffers)
            Log.CountDiffers(relay.Logger, session.Id, transfer.Verb, transfer.Path, transfer.ExpectedSize ?? 0, transfer.Bytes);
        relay.Observer?.Ended(transfer);
    }
}
