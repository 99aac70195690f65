using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>What the loops do with a channel: each message of the peer, each packet of ours that was written, and the end of the connection.</summary>
internal sealed partial class Channel
{
    /// <summary>Wakes the reader, who may go on before this returns. Separate from receiving, so that the reader loop can gather first.</summary>
    public void WakeReader() => _readable.Set(here: true);

    /// <summary>CHANNEL_OPEN_CONFIRMATION for a channel that we asked for.</summary>
    public void Confirmed(uint remote, uint window, uint maximumPacket)
    {
        Action<Failure?, Channel> answered;
        lock (_gate)
        {
            _sending.Start(window, maximumPacket);
            answered = _answered ?? throw Unexpected("CHANNEL_OPEN_CONFIRMATION");
            _answered = null;
            _remote = remote;
            _open = true;
        }
        _host.RoundTrip.Answered(_asked);
        answered(null, this);
    }

    /// <summary>CHANNEL_OPEN_FAILURE for a channel that we asked for.</summary>
    public void Refused(Failure failure)
    {
        Action<Failure?, Channel> answered;
        lock (_gate)
        {
            answered = _answered ?? throw Unexpected("CHANNEL_OPEN_FAILURE");
            _answered = null;
            _receiving.Abort();
        }
        _host.Table.Remove(this);
        answered(failure, this);
    }

    /// <summary>CHANNEL_DATA. Returns what waits for the reader now, in bytes; 0: nothing to wake it for.</summary>
    public int Data(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!TakesData("CHANNEL_DATA"))
                return 0;
            _receiving.Received(bytes);
            return _receiving.Waiting;
        }
    }

    /// <summary>CHANNEL_WINDOW_ADJUST.</summary>
    public void Adjust(uint more)
    {
        bool wakes;
        lock (_gate)
        {
            MustBeOpen("CHANNEL_WINDOW_ADJUST");
            _sending.Adjust(more);
            wakes = _sending.TakeAwaited();
        }
        if (wakes)
            _writable.Set(here: true);
    }

    /// <summary>CHANNEL_EOF.</summary>
    public void Eof()
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_EOF");
            _eofReceived = true;
            _receiving.End(ReadEnd.Ended);
            if (_sending.EofSent && _requests is null)
                Close();
        }
        _readable.Set();
        _errorsReadable?.Set();
    }

    /// <summary>The peer's application takes no more (<c>eow@openssh.com</c>); it may still send.</summary>
    public void EndOfWrite()
    {
        bool wakes;
        lock (_gate)
        {
            MustBeOpen("CHANNEL_REQUEST");
            _sending.EndWith(WriteEnd.Closed);
            wakes = _sending.TakeAwaited();
        }
        if (wakes)
            _writable.Set();
    }

    /// <summary>CHANNEL_CLOSE: it's answered at once, and without an EOF before it what was sent is not known to be all.</summary>
    public void Closed()
    {
        lock (_gate)
        {
            MustBeOpen("CHANNEL_CLOSE");
            _closeReceived = true;
            _receiving.End(ReadEnd.Lost);
            _sending.EndWith(WriteEnd.Closed);
            Close();
        }
        Wake();
        EndRequests(null);
        FreeNumber();
    }

    /// <summary>Why the connection is gone; null: it isn't.</summary>
    public Failure? Loss => _loss;

    /// <summary>The connection is gone.</summary>
    public void Lost(Failure failure)
    {
        Action<Failure?, Channel>? answered;
        lock (_gate)
        {
            answered = _answered;
            _answered = null;
            _closeQueued = true;
            _loss = failure;
            _receiving.End(ReadEnd.Lost);
            _sending.EndWith(WriteEnd.Lost);
            if (!_open)
                _receiving.Abort();
        }
        answered?.Invoke(failure, this);
        Wake();
        EndRequests(failure);
    }

    /// <summary>Whether a packet of this channel still goes out when its turn has come.</summary>
    public bool Sends(OutgoingKind kind)
    {
        lock (_gate)
        {
            return kind switch
            {
                OutgoingKind.Data => !_dropsUnsent,
                OutgoingKind.Adjust => !_closeWritten,
                _ => true,
            };
        }
    }

    /// <summary>A packet of this channel was written, or left out.</summary>
    public void Written(in Outgoing packet)
    {
        var kind = packet.Kind;
        bool wakes, nudges;
        lock (_gate)
        {
            if (kind == OutgoingKind.Adjust)
                _spareAdjust = packet.Packet;
            wakes = kind == OutgoingKind.Data && _sending.Written() && _sending.TakeAwaited();
            nudges = kind == OutgoingKind.Data && _host.Nudge is { IsNeeded: true } && _sending.IsNudgeDue();
            _closeWritten |= kind == OutgoingKind.Close;
        }
        if (nudges)
            _host.Nudge!.Give();
        if (wakes)
            _writable.Set(here: true);
        if (kind == OutgoingKind.Close)
            FreeNumber();
    }

    private void FreeNumber()
    {
        bool free;
        lock (_gate)
            free = _closeWritten && _closeReceived;
        if (free)
            _host.Table.Remove(this);
    }

    private void MustBeOpen(string message)
    {
        if (!_open || _closeReceived)
            throw Unexpected(message);
    }

    /// <summary>False: on its way while our CLOSE was, or nobody reads; it's dropped without accounting.</summary>
    private bool TakesData(string message)
    {
        if (!_open || _closeReceived || _eofReceived)
            throw Unexpected(message);
        return !_closeQueued && !_receiving.HasEnded;
    }

    private SshProtocolException Unexpected(string message) => new($"{message} for channel {Number}, which is in no state for it");
}
