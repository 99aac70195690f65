using System.Diagnostics.Metrics;

namespace Culvert.Broker.Metrics;

/// <summary>What a metric is.</summary>
internal enum MetricKind
{
    /// <summary>A sum that only grows.</summary>
    Counter,
    /// <summary>A sum that goes up and down.</summary>
    UpDownCounter,
    /// <summary>How values are spread.</summary>
    Histogram,
}

/// <summary>A metric with all its series, at one moment.</summary>
/// <param name="Name">As the instrument has it, with dots.</param>
/// <param name="Unit">In UCUM's letters, such as <c>By</c>.</param>
/// <param name="Description">For people.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Series">A figure for each set of tags.</param>
internal sealed record Metric(string Name, string Unit, string Description, MetricKind Kind, IReadOnlyList<MetricSeries> Series);

/// <summary>One figure of a metric.</summary>
/// <param name="Tags">What it belongs to, sorted by key.</param>
/// <param name="Sum">The sum; of a histogram all its values'.</param>
/// <param name="Count">Of a histogram, how many values there were.</param>
/// <param name="Bounds">Of a histogram, the upper bounds of its buckets; the last bucket has none.</param>
/// <param name="Buckets">Of a histogram, how many values fell into each.</param>
internal sealed record MetricSeries(IReadOnlyList<KeyValuePair<string, string>> Tags, double Sum, long Count, IReadOnlyList<double> Bounds, IReadOnlyList<long> Buckets);

/// <summary>Adds up what a meter measures, from its first moment on. Thread-safe.</summary>
internal sealed class MetricCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<Instrument, Dictionary<string, Sums>> _sums = [];
    // An observed total replaces the one before; what isn't observed any more is gone.
    private Dictionary<(Instrument, string), Sums>? _observed;

    /// <param name="meter">Whose instruments; must not have measured anything yet.</param>
    public MetricCollector(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter != meter)
                return;
            lock (_gate)
                _sums.Add(instrument, []);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>How everything stands, by name.</summary>
    public IReadOnlyList<Metric> Collect()
    {
        lock (_gate)
        {
            _observed = [];
            _listener.RecordObservableInstruments();
            foreach (var (instrument, series) in _sums.Where(pair => pair.Key.IsObservable))
            {
                series.Clear();
                foreach (var ((_, key), sums) in _observed.Where(pair => pair.Key.Item1 == instrument))
                    series.Add(key, sums);
            }
            _observed = null;
            return [.. _sums.OrderBy(pair => pair.Key.Name, StringComparer.Ordinal).Select(pair => new Metric(
                pair.Key.Name, pair.Key.Unit ?? "", pair.Key.Description ?? "", KindOf(pair.Key),
                [.. pair.Value.OrderBy(series => series.Key, StringComparer.Ordinal).Select(series => series.Value.Now())]))];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var sorted = new List<KeyValuePair<string, string>>(tags.Length);
        foreach (var (key, tag) in tags)
            sorted.Add(new(key, tag?.ToString() ?? ""));
        sorted.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        var name = string.Join('\0', sorted.Select(tag => $"{tag.Key}\0{tag.Value}"));
        lock (_gate)
        {
            if (instrument.IsObservable)
            {
                // Observed while nobody collects, it would be counted twice.
                if (_observed is not null)
                    _observed[(instrument, name)] = Sums.Of(sorted, instrument, value);
                return;
            }
            if (!_sums[instrument].TryGetValue(name, out var sums))
                _sums[instrument].Add(name, Sums.Of(sorted, instrument, value));
            else
                sums.Add(value);
        }
    }

    private static MetricKind KindOf(Instrument instrument) => instrument switch
    {
        Histogram<double> => MetricKind.Histogram,
        UpDownCounter<int> => MetricKind.UpDownCounter,
        _ => MetricKind.Counter,
    };

    private sealed class Sums(IReadOnlyList<KeyValuePair<string, string>> tags, IReadOnlyList<double> bounds)
    {
        private readonly long[] _buckets = new long[bounds.Count + 1];
        private double _sum;
        private long _count;

        public static Sums Of(IReadOnlyList<KeyValuePair<string, string>> tags, Instrument instrument, double value)
        {
            var sums = new Sums(tags, (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? []);
            sums.Add(value);
            return sums;
        }

        public void Add(double value)
        {
            _sum += value;
            _count++;
            var bucket = 0;
            while (bucket < bounds.Count && value > bounds[bucket])
                bucket++;
            _buckets[bucket]++;
        }

        public MetricSeries Now() => new(tags, _sum, _count, bounds, [.. _buckets]);
    }
}
