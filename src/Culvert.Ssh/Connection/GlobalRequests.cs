using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>Whoever waits for the answer to a global request. Called on the reader loop, before the next packet is looked at.</summary>
internal abstract class PendingReply
{
    /// <summary>REQUEST_SUCCESS, with what it carried.</summary>
    public abstract void Succeeded(ReadOnlySpan<byte> specific);

    /// <summary>REQUEST_FAILURE.</summary>
    public abstract void Refused();

    /// <summary>The connection ended first. May come on any thread.</summary>
    public abstract void Lost(Failure failure);
}

/// <summary>Our global requests (RFC 4254 §4): answers carry no number, they come in the order of the requests. Thread-safe.</summary>
internal sealed class GlobalRequests(SendQueue queue, RoundTrip roundTrip)
{
    private readonly Lock _gate = new();
    private readonly Queue<(PendingReply Reply, long Sent)> _pending = new();
    private Failure? _lost;

    /// <summary>Sends a request that wants a reply.</summary>
    public void Send(string name, ReadOnlySpan<byte> specific, PendingReply reply)
    {
        var message = ChannelMessages.GlobalRequest(name, true, specific);
        Failure? lost;
        lock (_gate)
        {
            lost = _lost;
            if (lost is null)
            {
                _pending.Enqueue((reply, roundTrip.Start()));
                queue.Enqueue(new Outgoing(message, OutgoingKind.Question), Priority.Interactive);
            }
        }
        if (lost is not null)
            reply.Lost(lost);
    }

    /// <summary>REQUEST_SUCCESS came.</summary>
    public void Succeeded(ReadOnlySpan<byte> specific) => Next("REQUEST_SUCCESS").Succeeded(specific);

    /// <summary>REQUEST_FAILURE came.</summary>
    public void Refused() => Next("REQUEST_FAILURE").Refused();

    /// <summary>The connection is gone.</summary>
    public void Lost(Failure failure)
    {
        (PendingReply Reply, long)[] pending;
        lock (_gate)
        {
            _lost = failure;
            pending = [.. _pending];
            _pending.Clear();
        }
        foreach (var (reply, _) in pending)
            reply.Lost(failure);
    }

    private PendingReply Next(string message)
    {
        lock (_gate)
        {
            if (!_pending.TryDequeue(out var next))
            {
                // Answers that were on their way when everything was given up are nobody's fault.
                return _lost is not null ? new Forgotten() : throw new SshProtocolException($"{message} without a request");
            }
            roundTrip.Answered(next.Sent);
            return next.Reply;
        }
    }

    private sealed class Forgotten : PendingReply
    {
        public override void Succeeded(ReadOnlySpan<byte> specific) { }
        public override void Refused() { }
        public override void Lost(Failure failure) { }
    }
}
