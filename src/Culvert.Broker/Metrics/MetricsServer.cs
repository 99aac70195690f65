using System.Net;
using System.Text;
using Culvert.Broker.Runtime;
using Microsoft.AspNetCore.Http;

namespace Culvert.Broker.Metrics;

/// <summary>Shows metrics to a Prometheus on this machine: <c>http://127.0.0.1:PORT/metrics</c>, nothing else. Whoever is on this machine may read them; no secret is among them.</summary>
internal sealed class MetricsServer : IAsyncDisposable
{
    private const int MostConnections = 20;

    private readonly LocalHttpServer _http;

    private MetricsServer(LocalHttpServer http) => _http = http;

    /// <summary>Listens.</summary>
    /// <param name="port">On which port of the loopback address.</param>
    /// <param name="text">Makes the page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BrokerException">The port can't be had.</exception>
    public static async Task<MetricsServer> StartAsync(int port, Func<string> text, CancellationToken cancellationToken)
    {
        try
        {
            return new MetricsServer(await LocalHttpServer.StartAsync(
                LocalHttpServer.Sockets,
                kestrel =>
                {
                    kestrel.Limits.MaxRequestBodySize = 0;
                    kestrel.Limits.MaxConcurrentConnections = MostConnections;
                    kestrel.Listen(IPAddress.Loopback, port);
                },
                context => ServeAsync(context, text), cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (LocalHttpServer.IsUnavailable(e))
        {
            throw new BrokerException(Message.Error($"Port {port} can't be had for metrics: {e.Message}", "name another with --metrics-port"), e);
        }
    }

    /// <summary>Ends it; requests that wait are cut off.</summary>
    public ValueTask DisposeAsync() => _http.DisposeAsync();

    private static async Task ServeAsync(HttpContext context, Func<string> text)
    {
        // A page in a browser could give this address a name of its own; a Prometheus says where it was sent.
        var isKnown = context.Request.Host.Host is "127.0.0.1" or "localhost";
        if (!isKnown || !HttpMethods.IsGet(context.Request.Method) || context.Request.Path != "/metrics")
        {
            context.Response.StatusCode = isKnown ? StatusCodes.Status404NotFound : StatusCodes.Status421MisdirectedRequest;
            return;
        }
        context.Response.ContentType = PrometheusText.ContentType;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text()), context.RequestAborted).ConfigureAwait(false);
    }
}
