using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Culvert.Broker.Metrics;

/// <summary>Metrics as an OpenTelemetry collector takes them: OTLP, an ExportMetricsServiceRequest in JSON. Pure.</summary>
/// <remarks>By the rules of OTLP/HTTP: names in lowerCamelCase, enumerations as numbers, 64-bit integers as strings. Sums are totals since the start (cumulative).</remarks>
internal static class OtlpJson
{
    private const int Cumulative = 2; // AGGREGATION_TEMPORALITY_CUMULATIVE

    /// <summary>The request.</summary>
    /// <param name="metrics">What is sent.</param>
    /// <param name="version">The program's version.</param>
    /// <param name="instance">What tells this broker from others.</param>
    /// <param name="start">Since when sums are added up.</param>
    /// <param name="now">When they were taken.</param>
    public static byte[] Write(IReadOnlyList<Metric> metrics, string version, string instance, DateTimeOffset start, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("resourceMetrics");
            json.WriteStartObject();
            json.WriteStartObject("resource");
            WriteAttributes(json, [new("service.name", "culvert"), new("service.version", version), new("service.instance.id", instance)]);
            json.WriteEndObject();
            json.WriteStartArray("scopeMetrics");
            json.WriteStartObject();
            json.WriteStartObject("scope");
            json.WriteString("name", "Culvert");
            json.WriteEndObject();
            json.WriteStartArray("metrics");
            foreach (var metric in metrics.Where(metric => metric.Series.Count > 0))
                WriteMetric(json, metric, Nanoseconds(start), Nanoseconds(now));
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteMetric(Utf8JsonWriter json, Metric metric, string start, string now)
    {
        json.WriteStartObject();
        json.WriteString("name", metric.Name);
        json.WriteString("description", metric.Description);
        json.WriteString("unit", metric.Unit);
        json.WriteStartObject(metric.Kind == MetricKind.Histogram ? "histogram" : "sum");
        json.WriteNumber("aggregationTemporality", Cumulative);
        if (metric.Kind != MetricKind.Histogram)
            json.WriteBoolean("isMonotonic", metric.Kind == MetricKind.Counter);
        json.WriteStartArray("dataPoints");
        foreach (var series in metric.Series)
        {
            json.WriteStartObject();
            WriteAttributes(json, series.Tags);
            json.WriteString("startTimeUnixNano", start);
            json.WriteString("timeUnixNano", now);
            if (metric.Kind == MetricKind.Histogram)
                WriteHistogram(json, series);
            else
                json.WriteString("asInt", ((long)series.Sum).ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteHistogram(Utf8JsonWriter json, MetricSeries series)
    {
        json.WriteString("count", series.Count.ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("sum", series.Sum);
        json.WriteStartArray("bucketCounts");
        foreach (var count in series.Buckets)
            json.WriteStringValue(count.ToString(CultureInfo.InvariantCulture));
        json.WriteEndArray();
        json.WriteStartArray("explicitBounds");
        foreach (var bound in series.Bounds)
            json.WriteNumberValue(bound);
        json.WriteEndArray();
    }

    private static void WriteAttributes(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        json.WriteStartArray("attributes");
        foreach (var (key, value) in tags)
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            json.WriteStartObject("value");
            json.WriteString("stringValue", value);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Nanoseconds(DateTimeOffset time) => ((time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick).ToString(CultureInfo.InvariantCulture);
}
