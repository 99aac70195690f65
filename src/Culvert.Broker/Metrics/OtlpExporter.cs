using System.Net.Http.Headers;

namespace Culvert.Broker.Metrics;

/// <summary>Sends metrics to an OpenTelemetry collector, again and again, and once more at the end. A collector that isn't there is told once, and waited for.</summary>
/// <param name="options">Where to, and how often.</param>
/// <param name="request">Makes what is sent.</param>
/// <param name="complain">Told when it can't be sent, once until it can again.</param>
/// <param name="time">The clock.</param>
internal sealed class OtlpExporter(OtlpOptions options, Func<byte[]> request, Action<string> complain, TimeProvider time)
{
    /// <summary>The collector is near, or it's of no use: what comes next holds all that this one would have.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Nobody waits longer for the end of a broker because of its figures.</summary>
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);

    private bool _hasComplained;

    /// <summary>Sends until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = Patience };
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
                await SendAsync(http, stop, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            using var last = new CancellationTokenSource(LastPatience, time);
            await SendAsync(http, last.Token, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(HttpClient http, CancellationToken cancellationToken, CancellationToken stop)
    {
        try
        {
            using var content = new ByteArrayContent(request());
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await http.PostAsync(options.Endpoint, content, cancellationToken).ConfigureAwait(false);
            answer.EnsureSuccessStatusCode();
            _hasComplained = false;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            if (!_hasComplained)
                complain($"metrics can't be sent to {options.Endpoint}: {e.Message}");
            _hasComplained = true;
        }
    }
}

/// <summary>Where metrics are sent.</summary>
/// <param name="Endpoint">The collector's URL for metrics over OTLP/HTTP, such as <c>http://localhost:4318/v1/metrics</c>.</param>
/// <param name="Interval">How often.</param>
public sealed record OtlpOptions(Uri Endpoint, TimeSpan Interval)
{
    /// <summary>OpenTelemetry's own default.</summary>
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(60);

    /// <summary>From what the user said, or else from OpenTelemetry's variables.</summary>
    /// <param name="said">A collector, or its URL for metrics; null: nothing was said.</param>
    /// <param name="variable">Reads an environment variable.</param>
    /// <returns>Null: nobody wants them sent.</returns>
    /// <exception cref="Config.ConfigException">It's no URL.</exception>
    public static OtlpOptions? Of(string? said, Func<string, string?> variable)
    {
        var whole = variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") is { Length: > 0 } metrics && said is null ? metrics : null;
        if ((whole ?? said ?? variable("OTEL_EXPORTER_OTLP_ENDPOINT")) is not { Length: > 0 } text)
            return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new Config.ConfigException($"'{text}' is no collector of OpenTelemetry", "the form is http://localhost:4318");
        // A collector's base gets the path that the protocol gives to metrics.
        if (whole is null && !url.AbsolutePath.EndsWith("/v1/metrics", StringComparison.Ordinal))
            url = new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/v1/metrics");
        var interval = int.TryParse(variable("OTEL_METRIC_EXPORT_INTERVAL"), System.Globalization.CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0
            ? TimeSpan.FromMilliseconds(milliseconds)
            : DefaultInterval;
        return new OtlpOptions(url, interval);
    }
}
