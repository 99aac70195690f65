using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>Asks the peer for a sign of life when it was silent for an interval, and ends the connection when as many questions as allowed stayed
/// unanswered. Any packet is a sign of life.</summary>
/// <param name="interval">Between two looks; zero: only the first question is asked, which measures the round trip.</param>
/// <param name="maximumUnanswered">Questions without an answer after which the peer is dead.</param>
/// <param name="dead">The reason that everybody hears then.</param>
/// <param name="time">The clock.</param>
internal sealed class KeepAlive(TimeSpan interval, int maximumUnanswered, Failure dead, TimeProvider time)
{
    /// <summary>A question that every peer answers, and be it with a refusal.</summary>
    public const string Request = "keepalive@openssh.com";

    private int _looks;

    /// <summary>How many intervals it has dealt with.</summary>
    public int Looks => Volatile.Read(ref _looks);

    public async Task RunAsync(Multiplexer multiplexer, CancellationToken cancellationToken)
    {
        // The clock runs before the first question, whose answer counts as a sign of life in the first interval.
        using var timer = interval > TimeSpan.Zero && maximumUnanswered > 0 ? new PeriodicTimer(interval, time) : null;
        var seen = multiplexer.PacketsReceived;
        var unanswered = 0;
        multiplexer.Request(Request, [], new Answer());
        while (timer is not null && await timer.WaitForNextTickAsync(cancellationToken))
        {
            var received = multiplexer.PacketsReceived;
            if (received != seen)
            {
                seen = received;
                unanswered = 0;
            }
            else if (unanswered == maximumUnanswered)
            {
                multiplexer.Fail(dead);
                return;
            }
            else
            {
                unanswered++;
                multiplexer.Request(Request, [], new Answer());
            }
            Volatile.Write(ref _looks, _looks + 1);
        }
    }

    /// <summary>Asks once, now, and ends the connection when nothing comes in time: who has reason to doubt a connection doesn't wait for the next interval.</summary>
    /// <param name="multiplexer">The connection.</param>
    /// <param name="patience">How long an answer may take.</param>
    /// <param name="cancellationToken">Gives up; nothing happens then.</param>
    public async Task ProbeAsync(Multiplexer multiplexer, TimeSpan patience, CancellationToken cancellationToken)
    {
        var seen = multiplexer.PacketsReceived;
        multiplexer.Request(Request, [], new Answer());
        await Task.Delay(patience, time, cancellationToken);
        if (multiplexer.PacketsReceived == seen)
            multiplexer.Fail(dead);
    }

    /// <summary>Success or failure, both are an answer, and the packet itself was counted.</summary>
    private sealed class Answer : PendingReply
    {
        public override void Succeeded(ReadOnlySpan<byte> specific) { }
        public override void Refused() { }
        public override void Lost(Failure failure) { }
    }
}
