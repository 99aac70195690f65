using System.Diagnostics.Metrics;
using Culvert.Ftp;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>The figures that a broker keeps, for whatever collects them (the meter <c>Culvert</c>). Thread-safe.</summary>
internal sealed class BrokerMeters : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Culvert";

    private readonly Meter _meter = new(MeterName);
    private readonly UpDownCounter<int> _links;
    private readonly Counter<long> _reconnects;
    private readonly UpDownCounter<int> _sessions;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _transfers;
    private readonly Counter<long> _bytes;
    private readonly Histogram<double> _openLatency;
    private readonly Histogram<double> _throughput;

    /// <summary>All at nought.</summary>
    public BrokerMeters()
    {
        _links = _meter.CreateUpDownCounter<int>("culvert.links", "{link}", "Links by state");
        _reconnects = _meter.CreateCounter<long>("culvert.reconnects", "{reconnect}", "Links that came back after a loss");
        _sessions = _meter.CreateUpDownCounter<int>("culvert.sessions", "{session}", "Clients that are in tunnels");
        _refused = _meter.CreateCounter<long>("culvert.sessions.refused", "{session}", "Clients that were sent away");
        _transfers = _meter.CreateCounter<long>("culvert.transfers", "{transfer}", "FTP transfers by result and direction");
        _bytes = _meter.CreateCounter<long>("culvert.transfer.bytes", "By", "Bytes of FTP transfers that have ended, by direction");
        _openLatency = _meter.CreateHistogram("culvert.channel.open.duration", "s", "How long channels took to open", null, Buckets(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30));
        _throughput = _meter.CreateHistogram("culvert.transfer.throughput", "By/s", "Rates of FTP transfers that are complete, by direction", null, Buckets(1e4, 1e5, 1e6, 5e6, 1e7, 2.5e7, 5e7, 1e8, 2.5e8, 5e8, 1e9));
    }

    /// <summary>The meter.</summary>
    public Meter Meter => _meter;

    /// <summary>Shows what links have carried, whenever somebody looks.</summary>
    /// <param name="links">Each link's profile, and the bytes from its far side and to it.</param>
    public void Observe(Func<IEnumerable<(string Profile, long Received, long Sent)>> links) => _meter.CreateObservableCounter(
        "culvert.link.bytes",
        () => links().SelectMany(link => (Measurement<long>[])
        [
            new(link.Received, new("profile", link.Profile), new("direction", "received")),
            new(link.Sent, new("profile", link.Profile), new("direction", "sent")),
        ]),
        "By", "Bytes that went through links, by profile and direction");

    /// <summary>A link is there.</summary>
    public void LinkAdded() => _links.Add(1, State(LinkState.New));

    /// <summary>A link is gone.</summary>
    public void LinkRemoved(LinkStatus last) => _links.Add(-1, State(last.State));

    /// <summary>A link's state is another.</summary>
    public void LinkChanged(LinkStatus before, LinkStatus after)
    {
        if (before.State != after.State)
        {
            _links.Add(-1, State(before.State));
            _links.Add(1, State(after.State));
        }
        if (after.Reconnects > before.Reconnects)
            _reconnects.Add(1);
    }

    /// <summary>A client came in.</summary>
    public void SessionOpened() => _sessions.Add(1);

    /// <summary>A client is gone.</summary>
    public void SessionClosed() => _sessions.Add(-1);

    /// <summary>A client was sent away.</summary>
    public void SessionRefused() => _refused.Add(1);

    /// <summary>A transfer has ended.</summary>
    public void TransferEnded(Transfer transfer)
    {
        var direction = KeyValuePair.Create<string, object?>("direction", transfer.Direction == TransferDirection.Download ? "download" : "upload");
        _transfers.Add(1, KeyValuePair.Create<string, object?>("result", Activity.Word(transfer.Result)), direction);
        _bytes.Add(transfer.Bytes, direction);
        if (transfer is { Result: TransferResult.Complete, Duration: { Ticks: > 0 } took })
            _throughput.Record(transfer.Bytes / took.TotalSeconds, direction);
    }

    /// <summary>A channel was opened.</summary>
    public void ChannelOpened(TimeSpan took) => _openLatency.Record(took.TotalSeconds);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static InstrumentAdvice<double> Buckets(params double[] bounds) => new() { HistogramBucketBoundaries = bounds };

    private static KeyValuePair<string, object?> State(LinkState state) => new("state", LinkWords.Of(state));
}

/// <summary>The stable words for states and questions, as programs read them.</summary>
internal static class LinkWords
{
    /// <summary>The word.</summary>
    public static string Of(LinkState state) => state switch
    {
        LinkState.New => "new",
        LinkState.Connecting => "connecting",
        LinkState.WaitingForInput => "waiting-for-input",
        LinkState.Up => "up",
        LinkState.Restoring => "restoring",
        LinkState.Failed => "failed",
        _ => "disabled",
    };

    /// <summary>The word.</summary>
    public static string Of(TunnelState state) => state switch
    {
        TunnelState.Opening => "opening",
        TunnelState.Listening => "listening",
        TunnelState.Failed => "failed",
        _ => "closed",
    };

    /// <summary>The word for what is asked.</summary>
    public static string Of(QuestionKind kind) => kind switch
    {
        QuestionKind.HostKey => "host-key",
        QuestionKind.Passphrase => "passphrase",
        QuestionKind.Password => "password",
        QuestionKind.NewPassword => "new-password",
        _ => "interactive",
    };
}
