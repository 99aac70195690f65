using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Culvert.Interop.Forwards;

/// <summary>The least that curl takes for a web server: one answer to whoever connects, then an end.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private WebServer(IPAddress address)
    {
        _listener = new TcpListener(address, 0);
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>What it answers.</summary>
    public string Page { get; } = "page " + Guid.NewGuid();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static WebServer Start(IPAddress? address = null) => new(address ?? IPAddress.Loopback);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                {
                }

                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.0 200 OK\r\nContent-Length: {Page.Length}\r\n\r\n{Page}"), _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }
}
