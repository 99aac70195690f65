using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Culvert.Broker.Config;
using Culvert.Broker.Metrics;
using Culvert.Broker.Runtime;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Broker.Metrics;

public sealed class MetricsTests : IDisposable
{
    private readonly Meter _meter = new("test");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _meter.Dispose();

    private MetricCollector Measured()
    {
        var transfers = _meter.CreateCounter<long>("culvert.transfers", "{transfer}", "Transfers");
        var links = _meter.CreateUpDownCounter<int>("culvert.links", "{link}", "Links");
        var took = _meter.CreateHistogram("culvert.open.duration", "s", "Opening", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        _meter.CreateObservableCounter("culvert.link.bytes", () => (Measurement<long>[])[new(7, new KeyValuePair<string, object?>("profile", "a\"b\\c"))], "By", "Bytes");
        var collector = new MetricCollector(_meter);
        transfers.Add(2, new("result", "complete"), new("direction", "upload"));
        transfers.Add(3, new("direction", "upload"), new("result", "complete"));
        links.Add(1);
        links.Add(1);
        links.Add(-1);
        foreach (var seconds in (double[])[0.1, 0.5, 2])
            took.Record(seconds);
        return collector;
    }

    [Fact]
    public void The_page_is_what_Prometheus_reads()
    {
        using var collector = Measured();
        collector.Collect(); // what is observed counts once, however often somebody looks
        Assert.Equal("""
            # HELP culvert_link_bytes_total Bytes
            # TYPE culvert_link_bytes_total counter
            culvert_link_bytes_total{profile="a\"b\\c"} 7
            # HELP culvert_links Links
            # TYPE culvert_links gauge
            culvert_links 1
            # HELP culvert_open_duration_seconds Opening
            # TYPE culvert_open_duration_seconds histogram
            culvert_open_duration_seconds_bucket{le="0.1"} 1
            culvert_open_duration_seconds_bucket{le="1"} 2
            culvert_open_duration_seconds_bucket{le="+Inf"} 3
            culvert_open_duration_seconds_sum 2.6
            culvert_open_duration_seconds_count 3
            # HELP culvert_transfers_total Transfers
            # TYPE culvert_transfers_total counter
            culvert_transfers_total{direction="upload",result="complete"} 5

            """, PrometheusText.Write(collector.Collect()));
    }

    [Fact]
    public void A_collector_is_sent_the_same_figures_in_its_own_words()
    {
        using var collector = Measured();
        var json = JsonDocument.Parse(OtlpJson.Write(collector.Collect(), "1", "here:2", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(1))).RootElement;
        var resource = json.GetProperty("resourceMetrics")[0];
        Assert.Equal("culvert", resource.GetProperty("resource").GetProperty("attributes")[0].GetProperty("value").GetProperty("stringValue").GetString());
        var metrics = resource.GetProperty("scopeMetrics")[0].GetProperty("metrics").EnumerateArray().ToDictionary(metric => metric.GetProperty("name").GetString()!);
        var (counter, links, histogram) = (metrics["culvert.transfers"].GetProperty("sum"), metrics["culvert.links"].GetProperty("sum"), metrics["culvert.open.duration"].GetProperty("histogram"));
        Assert.Equal((2, true, false), (counter.GetProperty("aggregationTemporality").GetInt32(), counter.GetProperty("isMonotonic").GetBoolean(), links.GetProperty("isMonotonic").GetBoolean()));
        var point = counter.GetProperty("dataPoints")[0];
        Assert.Equal(("5", "0", "1000000000"), (point.GetProperty("asInt").GetString(), point.GetProperty("startTimeUnixNano").GetString(), point.GetProperty("timeUnixNano").GetString()));
        Assert.Equal("""[{"key":"direction","value":{"stringValue":"upload"}},{"key":"result","value":{"stringValue":"complete"}}]""", point.GetProperty("attributes").GetRawText());
        var spread = histogram.GetProperty("dataPoints")[0];
        Assert.Equal(("3", """["1","1","1"]""", "[0.1,1]"), (spread.GetProperty("count").GetString(), spread.GetProperty("bucketCounts").GetRawText(), spread.GetProperty("explicitBounds").GetRawText()));
    }

    [Fact]
    public void Links_are_counted_by_state_and_their_returns_once()
    {
        using var meters = new BrokerMeters();
        using var collector = new MetricCollector(meters.Meter);
        var now = DateTimeOffset.UnixEpoch;
        meters.LinkAdded();
        meters.LinkAdded();
        var (fresh, up, away) = (new LinkStatus(LinkState.New, now), new LinkStatus(LinkState.Up, now), new LinkStatus(LinkState.Restoring, now));
        meters.LinkChanged(fresh, up);
        meters.LinkChanged(up, away);
        meters.LinkChanged(away, up with { Reconnects = 1 });
        meters.LinkRemoved(fresh);
        var page = PrometheusText.Write(collector.Collect());
        Assert.Contains("culvert_links{state=\"up\"} 1\n", page, StringComparison.Ordinal);
        Assert.Contains("culvert_links{state=\"new\"} 0\n", page, StringComparison.Ordinal);
        Assert.Contains("culvert_links{state=\"restoring\"} 0\n", page, StringComparison.Ordinal);
        Assert.Contains("culvert_reconnects_total 1\n", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://c:4318", null, null, "http://c:4318/v1/metrics")]
    [InlineData("http://c:4318/", null, null, "http://c:4318/v1/metrics")]
    [InlineData("https://c/x/v1/metrics", null, null, "https://c/x/v1/metrics")]
    [InlineData(null, "http://base:1", null, "http://base:1/v1/metrics")]
    [InlineData(null, "http://base:1", "http://whole:1/elsewhere", "http://whole:1/elsewhere")]
    [InlineData("http://said", "http://base:1", "http://whole:1/elsewhere", "http://said/v1/metrics")]
    [InlineData(null, null, null, null)]
    public void Where_they_go_is_said_or_stands_in_OpenTelemetrys_variables(string? said, string? general, string? metrics, string? expected) => Assert.Equal(expected, OtlpOptions.Of(said, name => name switch
    {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => general,
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" => metrics,
        _ => null,
    })?.Endpoint.ToString());

    [Fact]
    public void What_is_no_URL_is_refused() => Assert.Throws<ConfigException>(() => OtlpOptions.Of("collector:4318", _ => null));

    [Fact]
    public async Task A_collector_that_is_away_is_told_once_and_the_last_figures_are_sent_at_the_end()
    {
        var time = new FakeTimeProvider();
        using var listener = new HttpListener();
        var port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        var complaints = new ConcurrentQueue<string>();
        var rounds = 0;
        using var mayStart = new SemaphoreSlim(2);
        var exporter = new OtlpExporter(new OtlpOptions(new Uri($"http://127.0.0.1:{port}/v1/metrics"), TimeSpan.FromSeconds(60)), () =>
        {
            Interlocked.Increment(ref rounds);
            mayStart.Wait(Cancel);
            return "{}"u8.ToArray();
        }, complaints.Enqueue, time);
        using var stop = new CancellationTokenSource();
        var running = exporter.RunAsync(stop.Token);
        // On a thread of its own: what the clock wakes may run within, and wait there.
        var ticking = Task.CompletedTask;
        while (Volatile.Read(ref rounds) < 3)
        {
            Cancel.ThrowIfCancellationRequested();
            if (ticking.IsCompleted)
                ticking = Task.Run(() => time.Advance(TimeSpan.FromSeconds(60)), Cancel);
            await Task.Yield();
        }
        Assert.Contains("can't be sent", Assert.Single(complaints), StringComparison.Ordinal);
        // Two attempts are over, and the third has not begun: none can meet a collector that begins to listen.
        listener.Start();
        await stop.CancelAsync();
        mayStart.Release(2);
        var request = await listener.GetContextAsync().WaitAsync(Cancel);
        Assert.Equal(("POST", "/v1/metrics", "application/json"), (request.Request.HttpMethod, request.Request.Url!.AbsolutePath, request.Request.ContentType));
        Assert.Equal("{}", await new StreamReader(request.Request.InputStream, Encoding.UTF8).ReadToEndAsync(Cancel));
        request.Response.Close();
        await running;
        await ticking;
    }

    private static int FreePort()
    {
        // Below the range from which the system gives ports to whoever asks for any.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        while (true)
        {
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, RandomNumberGenerator.GetInt32(12_000, 31_000)));
                return ((IPEndPoint)socket.LocalEndPoint!).Port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                continue;
            }
        }
    }
}
