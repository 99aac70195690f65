using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Culvert.Broker.Runtime;

namespace Culvert.Broker.Control;

/// <summary>Speaks to a broker. Thread-safe.</summary>
public sealed class ControlClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _place;

    /// <param name="place">Its control socket, or pipe.</param>
    /// <exception cref="BrokerException">There can't be one.</exception>
    public ControlClient(string place)
        : this(ControlSocket.At(place))
    {
    }

    internal ControlClient(IControlTransport transport)
    {
        _place = transport.Place;
        _http = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, token) => transport.ConnectAsync(token), UseProxy = false })
        {
            BaseAddress = new Uri("http://broker/"),
            // Requests that wait say how long.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Asks.</summary>
    /// <exception cref="BrokerException">There is no broker, or it said no; what it said is the message.</exception>
    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        Parse(await SendAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false), type);

    /// <summary>Sends something.</summary>
    /// <exception cref="BrokerException">Likewise.</exception>
    public async Task<TAnswer> PostAsync<TBody, TAnswer>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken) =>
        Parse(await SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, bodyType), cancellationToken).ConfigureAwait(false), answerType);

    /// <summary>Whether a broker of ours is there, be it one that cuts off its clients because it ends.</summary>
    public async Task<bool> IsServedAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync("v1/status", cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (HttpRequestException e)
        {
            return !IsAbsence(e) && e.InnerException is not BrokerException;
        }
    }

    /// <summary>Sends a request, and gives the answer as it came.</summary>
    /// <exception cref="BrokerException">Likewise.</exception>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.OK)
                return answer;
            var error = Parse(answer, ControlJson.Default.ErrorView);
            throw new BrokerException(Message.Error(error.Error, error.Hint));
        }
        catch (HttpRequestException e) when (e.InnerException is BrokerException reason)
        {
            throw new BrokerException(reason.Reason, e);
        }
        catch (HttpRequestException e)
        {
            throw new BrokerException(e.InnerException switch
            {
                SocketException { SocketErrorCode: SocketError.AccessDenied } =>
                    Message.Error($"You may not speak to a broker at {_place}: Permission denied", "it belongs to another user; yours is elsewhere (CULVERT_BROKER, --socket)"),
                _ when IsAbsence(e) => Message.Error($"No broker runs at {_place}.", "culvert ctl start starts one; culvert broker runs one in the foreground"),
                // It stops, or has as many clients as it takes.
                _ => Message.Error($"The broker at {_place} closed the connection.", "it ends, or too many programs speak to it: culvert ctl status shows whether it answers again"),
            }, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static bool IsAbsence(HttpRequestException e) => e.InnerException is SocketException or TimeoutException or null;

    private static T Parse<T>(byte[] json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("it's null");
        }
        catch (JsonException e)
        {
            throw new BrokerException(Message.Error("The broker's answer can't be read.", "is it of another version than this program?"), e);
        }
    }
}
