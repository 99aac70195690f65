using System.Globalization;
using System.Text;
using Culvert.Broker.Runtime;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Culvert.Broker.Control;

/// <summary>Serves the control API to its own user and to the machine's administrator.</summary>
internal sealed class ControlServer : IAsyncDisposable
{
    /// <summary>More than any request has: a passphrase, a tunnel.</summary>
    private const int LargestBody = 64 * 1024;

    /// <summary>So many may be connected at once: programs of one user.</summary>
    private const int MostConnections = 200;

    /// <summary>An answer that is made goes out in no time; a client that doesn't take it, or doesn't end its question, holds the broker's end up no longer.</summary>
    internal static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(2);

    private static readonly byte[] Refusal = Encoding.ASCII.GetBytes(RefusalText());

    private readonly LocalHttpServer _http;
    private readonly IControlTransport _transport;
    private readonly CancellationTokenSource _ending;
    private readonly TimeProvider _time;

    private ControlServer(LocalHttpServer http, IControlTransport transport, CancellationTokenSource ending, TimeProvider time) =>
        (_http, _transport, _ending, _time) = (http, transport, ending, time);

    /// <summary>Listens.</summary>
    /// <param name="transport">Where; see <see cref="ControlSocket"/>.</param>
    /// <param name="api">What is served.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of who was sent away.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BrokerException">It can't be had.</exception>
    public static async Task<ControlServer> StartAsync(IControlTransport transport, ControlApi api, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        await transport.PrepareAsync(cancellationToken).ConfigureAwait(false);
        // Never disposed of: a request may end late, and it holds nothing.
        var ending = new CancellationTokenSource();
        try
        {
            var http = await LocalHttpServer.StartAsync(
                transport.Listeners,
                kestrel =>
                {
                    kestrel.Limits.MaxRequestBodySize = LargestBody;
                    kestrel.Limits.MaxConcurrentConnections = MostConnections;
                    kestrel.Listen(transport.EndPoint, listen => listen.Use(next => connection => AdmitAsync(connection, next, transport, logger)));
                },
                context => ServeAsync(context, api, ending.Token), cancellationToken).ConfigureAwait(false);
            transport.Started();
            return new ControlServer(http, transport, ending, time);
        }
        catch (Exception e) when (LocalHttpServer.IsUnavailable(e))
        {
            throw new BrokerException(Message.Error($"The control socket {transport.Place} can't be had: {FileCause.Of(e)}", "name another place with --socket"), e);
        }
    }

    /// <summary>Ends it. Requests that wait are cut off; what is answered already gets its answer, so that who asks for the end hears that it comes.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(LongestFarewell, _time);
        await _ending.CancelAsync().ConfigureAwait(false);
        await _http.StopAsync(patience.Token).ConfigureAwait(false);
        await _http.DisposeAsync().ConfigureAwait(false);
        _transport.Ended();
    }

    private static async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next, IControlTransport transport, ILogger logger)
    {
        if (transport.Admits(connection, out var peer))
        {
            await next(connection).ConfigureAwait(false);
            return;
        }
        Log.ControlRefused(logger, peer?.Value ?? "(unknown)");
        await connection.Transport.Output.WriteAsync(Refusal).ConfigureAwait(false);
    }

    private static string RefusalText()
    {
        const string body = """{"error":"this broker belongs to another user","hint":null}""";
        return string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }

    private static async Task ServeAsync(HttpContext context, ControlApi api, CancellationToken ending)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ending);
        try
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, either.Token).ConfigureAwait(false);
            var query = context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
            var request = new ControlRequest(context.Request.Method, context.Request.Path.Value ?? "/", query, body.ToArray());
            var answer = await api.HandleAsync(request, either.Token).ConfigureAwait(false);
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = answer.Json.Length;
            await context.Response.Body.WriteAsync(answer.Json, context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Nobody waits for the answer any more, or there is none.
            context.Abort();
        }
    }
}
