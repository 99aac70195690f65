using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Culvert.Broker;

/// <summary>HTTP/1 for programs on this machine: Kestrel by itself. The web host around it (services, configuration, routing, pages for developers) has nothing to do here. The only place that
/// starts it: a command that needs none loads none of it.</summary>
internal sealed class LocalHttpServer : IAsyncDisposable
{
    private readonly KestrelServer _kestrel;

    /// <summary>Listens with sockets: TCP, or Unix.</summary>
    public static IConnectionListenerFactory Sockets => new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);

    private LocalHttpServer(KestrelServer kestrel) => _kestrel = kestrel;

    /// <summary>Listens.</summary>
    /// <param name="listeners">What it listens with.</param>
    /// <param name="configure">Where, and within what limits.</param>
    /// <param name="serve">Answers a request. One that fails is answered with 500.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Exception">It can't be had: see <see cref="IsUnavailable"/>.</exception>
    public static async Task<LocalHttpServer> StartAsync(
        IConnectionListenerFactory listeners, Action<KestrelServerOptions> configure, Func<HttpContext, Task> serve, CancellationToken cancellationToken)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http1);
        configure(options);
        var kestrel = new KestrelServer(Options.Create(options), listeners, NullLoggerFactory.Instance);
        try
        {
            await kestrel.StartAsync(new Application(serve), cancellationToken).ConfigureAwait(false);
            return new LocalHttpServer(kestrel);
        }
        catch
        {
            kestrel.Dispose();
            throw;
        }
    }

    /// <summary>Whether a start failed because the place can't be had.</summary>
    public static bool IsUnavailable(Exception e) => e is IOException or SocketException or UnauthorizedAccessException;

    /// <summary>Accepts nothing more, and waits for what is being answered.</summary>
    /// <param name="patience">What isn't answered by then is cut off.</param>
    public Task StopAsync(CancellationToken patience) => _kestrel.StopAsync(patience);

    /// <summary>Ends it; what was not stopped is cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        await _kestrel.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        _kestrel.Dispose();
    }

    private sealed class Application(Func<HttpContext, Task> serve) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => serve(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
            // It holds nothing; a failure was answered.
        }
    }
}
