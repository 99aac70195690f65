using System.Net;
using System.Net.Sockets;
using System.Text;
using Culvert.Broker.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Culvert.Broker.Metrics;

/// <summary>Shows metrics to a Prometheus on this machine: <c>http://127.0.0.1:PORT/metrics</c>, nothing else. Whoever is on this machine may read them; no secret is among them.</summary>
internal sealed class MetricsServer : IAsyncDisposable
{
    private const int MostConnections = 20;

    private readonly WebApplication _application;

    private MetricsServer(WebApplication application) => _application = application;

    /// <summary>Listens.</summary>
    /// <param name="port">On which port of the loopback address.</param>
    /// <param name="text">Makes the page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BrokerException">The port can't be had.</exception>
    public static async Task<MetricsServer> StartAsync(int port, Func<string> text, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var application = builder.Build();
        application.Run(context => ServeAsync(context, text));
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
            return new MetricsServer(application);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new BrokerException(Message.Error($"Port {port} can't be had for metrics: {e.Message}", "name another with --metrics-port"), e);
        }
    }

    /// <summary>Ends it; requests that wait are cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync().ConfigureAwait(false);
        await _application.StopAsync(atOnce.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

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
