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
    private const string Request = "keepalive@openssh.com";

    public async Task RunAsync(Multiplexer multiplexer, CancellationToken cancellationToken)
    {
        multiplexer.Request(Request, [], new Answer());
        if (interval <= TimeSpan.Zero || maximumUnanswered <= 0)
            return;
        using var timer = new PeriodicTimer(interval, time);
        var seen = multiplexer.PacketsReceived;
        var unanswered = 0;
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var received = multiplexer.PacketsReceived;
            if (received != seen)
            {
                seen = received;
                unanswered = 0;
                continue;
            }
            if (unanswered == maximumUnanswered)
            {
                multiplexer.Fail(dead);
                return;
            }
            unanswered++;
            multiplexer.Request(Request, [], new Answer());
        }
    }

    /// <summary>Success or failure, both are an answer, and the packet itself was counted.</summary>
    private sealed class Answer : PendingReply
    {
        public override void Succeeded(ReadOnlySpan<byte> specific) { }
        public override void Refused() { }
        public override void Lost(Failure failure) { }
    }
}
