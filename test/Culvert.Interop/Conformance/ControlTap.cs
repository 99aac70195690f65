using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Culvert.Interop.Conformance;

/// <summary>Stands before a server's control port and keeps what goes there and what comes back: the bytes that a client, or the relay, really sent.</summary>
internal sealed class ControlTap : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly StringBuilder _sent = new();
    private readonly StringBuilder _answered = new();
    private readonly Lock _gate = new();
    private readonly List<Task> _tasks = [];
    private readonly int _port;
    private readonly Task _accepting;

    /// <param name="port">Of the server, on 127.0.0.1.</param>
    public ControlTap(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Whether each byte of the client goes on in a segment of its own.</summary>
    public bool SplitsCommands { get; init; }

    /// <summary>Whether each byte of the server does.</summary>
    public bool SplitsReplies { get; init; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>All that went to the server so far, one character a byte. Taken away by reading.</summary>
    public string TakeSent()
    {
        lock (_gate)
        {
            var sent = _sent.ToString();
            _sent.Clear();
            return sent;
        }
    }

    /// <summary>All that the server has answered so far.</summary>
    public string TakeAnswered()
    {
        lock (_gate)
        {
            var answered = _answered.ToString();
            _answered.Clear();
            return answered;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_tasks);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _tasks.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient { NoDelay = true };
        near.NoDelay = true;
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
            await Task.WhenAll(CopyAsync(near, far, _sent, SplitsCommands), CopyAsync(far, near, _answered, SplitsReplies));
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException or OperationCanceledException)
        {
            // One of them has gone, or the test is over.
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, StringBuilder kept, bool splits)
    {
        var buffer = new byte[16 * 1024];
        while (await from.GetStream().ReadAsync(buffer, _stop.Token) is var count and > 0)
        {
            lock (_gate)
            {
                kept.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }

            var step = splits ? 1 : count;
            for (var start = 0; start < count; start += step)
            {
                await to.GetStream().WriteAsync(buffer.AsMemory(start, step), _stop.Token);
            }
        }

        to.Client.Shutdown(SocketShutdown.Send);
    }
}
