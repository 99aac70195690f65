using System.Net;
using System.Net.Sockets;

namespace Culvert.Interop.Proofs.Kills;

/// <summary>A port that leads to another one, with a connection between that can be cut while both of its ends live on.</summary>
internal sealed class LinkProxy : IAsyncDisposable
{
    private const int Chunk = 64 * 1024;

    private readonly CancellationTokenSource _end = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly Task _accepting;
    private readonly Lock _gate = new();
    private readonly List<Socket> _ends = [];

    public LinkProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Cuts what stands: both ends read an end, or a reset.</summary>
    public void Cut(bool orderly)
    {
        lock (_gate)
        {
            foreach (var end in _ends)
            {
                try
                {
                    end.LingerState = new LingerOption(!orderly, 0);
                    end.Dispose();
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // Its peer was killed, and the pump closed it.
                }
            }

            _ends.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        Cut(orderly: false);
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> pumps = [];
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync(_end.Token);
                var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await far.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _target), _end.Token);
                near.NoDelay = far.NoDelay = true;
                lock (_gate)
                {
                    _ends.AddRange([near, far]);
                }

                pumps.RemoveAll(pump => pump.IsCompleted);
                pumps.AddRange([PumpAsync(near, far), PumpAsync(far, near)]);
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(pumps);
        }
    }

    private static async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[Chunk];
        try
        {
            while (await from.ReceiveAsync(buffer) is var count and > 0)
            {
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut, or one of the ends is gone: the other one must not wait.
            from.Dispose();
            to.Dispose();
        }
    }
}
