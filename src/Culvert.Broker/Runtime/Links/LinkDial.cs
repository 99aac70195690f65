using Culvert.Net;

namespace Culvert.Broker.Runtime;

/// <summary>A connection through a link as it is now, or as soon as it's up again.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Reliability", "CA1001", Justification = "A source without timer and links holds nothing to dispose, and anybody may abort at any time")]
internal sealed class LinkDial : Dial
{
    private readonly SupervisedLink _link;
    private readonly Endpoint _to;
    private readonly ConnectOptions _options;
    private readonly CancellationTokenSource _giveUp = new(); // holds nothing that must be disposed, and may be cancelled until the last moment
    private readonly Lock _gate = new();
    private Dial? _dial;
    private bool _isAborted;

    /// <summary>Starts it.</summary>
    public LinkDial(SupervisedLink link, Endpoint to, ConnectOptions options, TimeSpan patience, TimeProvider time, ChannelBook? channels)
    {
        (_link, _to, _options) = (link, to, options);
        var hold = link.Hold();
        // The usual case: the request goes out before this returns, as the seam promises.
        var first = link.Live is { Closed.IsCompleted: false } live ? Start(live) : null;
        Outcome = DialAsync(first, hold, patience, time, channels);
    }

    /// <inheritdoc/>
    public override Task<DialOutcome> Outcome { get; }

    /// <inheritdoc/>
    public override void Abort()
    {
        Dial? dial;
        lock (_gate)
        {
            _isAborted = true;
            dial = _dial;
        }
        _giveUp.Cancel();
        dial?.Abort();
    }

    private Dial Start(LiveLink live)
    {
        var dial = live.Network.Connect(_to, _options);
        bool isAborted;
        lock (_gate)
        {
            _dial = dial;
            isAborted = _isAborted;
        }
        if (isAborted)
            dial.Abort();
        return dial;
    }

    private async Task<DialOutcome> DialAsync(Dial? dial, IDisposable hold, TimeSpan patience, TimeProvider time, ChannelBook? channels)
    {
        var began = time.GetTimestamp();
        var keepsHold = false;
        try
        {
            while (true)
            {
                if (dial is not null)
                {
                    var outcome = await dial.Outcome.ConfigureAwait(false);
                    if (outcome.Duplex is { } duplex)
                    {
                        keepsHold = true;
                        var channel = new LinkChannel(duplex, _to, _options.Originator, time, hold, channels);
                        channels?.Opened(channel, time.GetElapsedTime(began));
                        return outcome with { Duplex = channel };
                    }
                    // The link died under it: that is no word of the destination's, and the next link may have one.
                    if (outcome.Failure is not { Kind: FailureKind.NetworkLost })
                        return outcome;
                }
                var left = patience - time.GetElapsedTime(began);
                var (live, failure) = await _link.UpAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _giveUp.Token).ConfigureAwait(false);
                if (live is null)
                    return new DialOutcome(null, failure);
                dial = Start(live);
            }
        }
        catch (OperationCanceledException) when (_giveUp.IsCancellationRequested)
        {
            return new DialOutcome(null, new Failure(FailureKind.Aborted, "the attempt was given up"));
        }
        finally
        {
            if (!keepsHold)
                hold.Dispose();
        }
    }
}
