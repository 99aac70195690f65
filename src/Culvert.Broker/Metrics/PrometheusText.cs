using System.Globalization;
using System.Text;

namespace Culvert.Broker.Metrics;

/// <summary>Metrics as Prometheus reads them (text format 0.0.4). Pure.</summary>
internal static class PrometheusText
{
    /// <summary>The media type.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>A block for each metric that has a figure.</summary>
    public static string Write(IReadOnlyList<Metric> metrics)
    {
        var text = new StringBuilder();
        foreach (var metric in metrics.Where(metric => metric.Series.Count > 0))
        {
            var name = NameOf(metric);
            var type = metric.Kind switch { MetricKind.Counter => "counter", MetricKind.UpDownCounter => "gauge", _ => "histogram" };
            text.Append($"# HELP {name} {metric.Description}\n# TYPE {name} {type}\n");
            foreach (var series in metric.Series)
            {
                if (metric.Kind == MetricKind.Histogram)
                    WriteHistogram(text, name, series);
                else
                    text.Append($"{name}{Labels(series.Tags)} {Number(series.Sum)}\n");
            }
        }
        return text.ToString();
    }

    private static void WriteHistogram(StringBuilder text, string name, MetricSeries series)
    {
        var below = 0L;
        for (var i = 0; i < series.Buckets.Count; i++)
        {
            below += series.Buckets[i];
            var bound = i < series.Bounds.Count ? Number(series.Bounds[i]) : "+Inf";
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{Labels([.. series.Tags, new("le", bound)])} {below}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{Labels(series.Tags)} {Number(series.Sum)}\n{name}_count{Labels(series.Tags)} {series.Count}\n");
    }

    // Its custom: the unit in the name, spelled out, and a counter's end.
    private static string NameOf(Metric metric)
    {
        var name = metric.Name.Replace('.', '_');
        var unit = metric.Unit switch { "s" => "_seconds", "By" => "_bytes", "By/s" => "_bytes_per_second", _ => "" };
        return (name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit) + (metric.Kind == MetricKind.Counter ? "_total" : "");
    }

    private static string Labels(IReadOnlyList<KeyValuePair<string, string>> tags) =>
        tags.Count == 0 ? "" : "{" + string.Join(',', tags.Select(tag => $"{tag.Key}=\"{Escape(tag.Value)}\"")) + "}";

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
