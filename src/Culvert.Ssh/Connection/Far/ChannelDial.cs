using System.Globalization;
using Culvert.Net;

namespace Culvert.Ssh.Connection;

/// <summary>A <c>direct-tcpip</c> channel under way (RFC 4254 §7.2). The CHANNEL_OPEN is queued when <see cref="Start"/> returns. Given up or timed out, the channel keeps its
/// number until the server answers, and a confirmation is answered by CLOSE.</summary>
internal sealed class ChannelDial : Dial
{
    private readonly TaskCompletionSource<DialOutcome> _outcome = new(); // who waits goes on within whatever settles it
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;
    private Channel? _channel;

    private ChannelDial(TimeSpan timeout, TimeProvider time)
    {
        _timeout = timeout;
        // Armed when the open is queued; until then there is nothing to time.
        _timer = time.CreateTimer(static state => ((ChannelDial)state!).TimeOut(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public override Task<DialOutcome> Outcome => _outcome.Task;

    public static ChannelDial Start(Multiplexer multiplexer, Endpoint to, ConnectOptions options, TimeProvider time)
    {
        var dial = new ChannelDial(options.Timeout, time);
        // A server may check that the originator is an address; one that nobody named is this machine.
        var originator = options.Originator is { Host.Length: > 0 } named ? named : new Endpoint(Endpoint.Loopback4, 0);
        dial._channel = multiplexer.Open("direct-tcpip", ChannelMessages.Addresses(to, originator), options.Priority, dial.Answered);
        // If the answer was faster, the timer is disposed already and this does nothing.
        dial._timer.Change(options.Timeout, Timeout.InfiniteTimeSpan);
        return dial;
    }

    public override void Abort()
    {
        _timer.Dispose();
        if (_outcome.TrySetResult(new(null, new Failure(FailureKind.Aborted, "the attempt was given up"))))
            _channel?.GiveUp();
        else
            _channel?.Abort();
    }

    private void TimeOut()
    {
        _timer.Dispose();
        if (_outcome.TrySetResult(new(null, new Failure(FailureKind.Timeout,
            string.Create(CultureInfo.InvariantCulture, $"open failed: no answer within {_timeout.TotalSeconds:0.###} s")))))
            _channel?.GiveUp();
    }

    /// <summary>The answer; on the reader loop, and possibly before <see cref="Multiplexer.Open"/> has returned.</summary>
    private void Answered(Failure? failure, Channel channel)
    {
        _timer.Dispose();
        if (failure is not null)
            _outcome.TrySetResult(new(null, failure));
        else if (!_outcome.TrySetResult(new(new ChannelDuplex(channel), null)))
            channel.Abort();
    }
}
