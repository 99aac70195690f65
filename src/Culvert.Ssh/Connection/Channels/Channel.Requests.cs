using Culvert.Net;
using Culvert.Ssh.Wire;

namespace Culvert.Ssh.Connection;

/// <summary>What a session's channel has beside its stream: requests in both directions (RFC 4254 §5.4) and the stream of errors (§5.2), which shares the
/// channel's window: credit for a byte goes back when it was read, whichever stream it came in.</summary>
internal sealed partial class Channel
{
    /// <summary>SSH_EXTENDED_DATA_STDERR, the one type that there is.</summary>
    public const uint StandardError = 1;

    private readonly ChannelRequests? _requests;
    private readonly ReceiveBuffer? _errors;
    private readonly Signal? _errorsReadable;
    private readonly Queue<TaskCompletionSource<bool>>? _unanswered;
    private bool _endWasTold;

    /// <summary>Copies what waits of the errors, or says how reading ended; neither: wait for <see cref="WaitErrorsReadableAsync"/>.</summary>
    public ReadResult TryCopyErrors(Memory<byte> into)
    {
        lock (_gate)
        {
            if (_errors is not { Length: > 0 } errors)
                return new(default, _receiving.EndSoFar);
            var count = errors.CopyTo(into.Span);
            GiveCredit(_receiving.Read(count));
            return new(into[..count], ReadEnd.None);
        }
    }

    public ValueTask WaitErrorsReadableAsync(CancellationToken cancellationToken) =>
        _errorsReadable?.WaitAsync(cancellationToken) ?? throw NoSession();

    /// <summary>Makes a request; the task says whether it was granted, false also when the channel ended first.</summary>
    public Task<bool> AskAsync(string type, ReadOnlySpan<byte> specific)
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_unanswered is null)
                throw NoSession();
            if (!_open || _closeQueued)
                return Task.FromResult(false);
            _unanswered.Enqueue(answer);
            Enqueue(ChannelMessages.Request(_remote, type, true, specific));
        }
        return answer.Task;
    }

    /// <summary>Makes a request that wants no answer; on a channel that is closed it's dropped.</summary>
    public void Tell(string type, ReadOnlySpan<byte> specific)
    {
        lock (_gate)
        {
            if (_open && !_closeQueued)
                Enqueue(ChannelMessages.Request(_remote, type, false, specific));
        }
    }

    /// <summary>Sends errors, as many bytes as the window and one packet take; 0: wait for <see cref="WaitWritableAsync"/>.</summary>
    public int TrySendErrors(ReadOnlySpan<byte> bytes, out WriteEnd end)
    {
        lock (_gate)
        {
            var count = _sending.TryTake(bytes.Length, out end);
            if (count > 0)
                Enqueue(ChannelMessages.ExtendedData(_remote, StandardError, bytes[..count]));
            return count;
        }
    }

    /// <summary>CHANNEL_REQUEST.</summary>
    public void Request(string type, bool wantsReply, ref SshReader specific)
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_REQUEST");
            // After our CLOSE the answer would come too late; the exit status does not.
            var granted = _requests?.Take(type, ref specific) == true;
            if (wantsReply && !_closeQueued)
                Enqueue(ChannelMessages.Simple(granted ? MessageNumber.ChannelSuccess : MessageNumber.ChannelFailure, _remote));
        }
    }

    /// <summary>CHANNEL_SUCCESS or CHANNEL_FAILURE: they come in the order of the requests.</summary>
    public void Answered(bool granted)
    {
        TaskCompletionSource<bool>? answer;
        lock (_gate)
        {
            MustBeOpen(granted ? "CHANNEL_SUCCESS" : "CHANNEL_FAILURE");
            if (_unanswered is null || !_unanswered.TryDequeue(out answer))
                throw new SshProtocolException("an answer to a channel request that nobody made");
        }
        answer.SetResult(granted);
    }

    /// <summary>CHANNEL_EXTENDED_DATA. Where there is no second stream, and of a type that nobody knows, it's dropped and its credit goes back.</summary>
    public void ExtendedData(uint type, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!TakesData("CHANNEL_EXTENDED_DATA"))
                return;
            _receiving.Admit(bytes.Length);
            if (_errors is not null && type == StandardError)
                _errors.Append(bytes);
            else
                GiveCredit(_receiving.Read(bytes.Length));
        }
        _errorsReadable?.Set();
    }

    /// <summary>Nobody answers any more, and nobody asks.</summary>
    private void EndRequests(Failure? lost)
    {
        TaskCompletionSource<bool>[] unanswered;
        lock (_gate)
        {
            if (_unanswered is null || _endWasTold)
                return;
            _endWasTold = true;
            unanswered = [.. _unanswered];
            _unanswered.Clear();
        }
        foreach (var answer in unanswered)
            answer.SetResult(false);
        _requests!.Closed(lost);
    }

    private static InvalidOperationException NoSession() => new("The channel is a connection, not a session.");
}
