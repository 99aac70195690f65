using Culvert.Demo.FtpServer.Transfers;
using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Demo.FtpServer;

/// <summary>A small, honest FTP server: RFC 959 with 2389, 2428 and 3659, one folder, one user. It binds what it is told to and has no
/// encryption: loopback only, behind a tunnel.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class DemoFtpServer : IAsyncDisposable
{
    private readonly FtpServerOptions _options;
    private readonly INetwork _network;
    private readonly IListener _listener;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _sessions = [];
    private readonly Task _accepting;
    private long _count;

    private DemoFtpServer(FtpServerOptions options, INetwork network, IListener listener)
    {
        (_options, _network, _listener) = (options, network, listener);
        _log = options.LoggerFactory.CreateLogger("Culvert.Demo.FtpServer");
        _options.Ports.Opened(listener.LocalEndpoint);
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public Endpoint Endpoint => _listener.LocalEndpoint;

    /// <summary>Starts a server.</summary>
    /// <param name="network">Where it listens and makes data connections.</param>
    /// <param name="at">The control port; 0 lets the network choose.</param>
    /// <param name="options">What it serves to whom.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="NetworkException">It can't listen there.</exception>
    public static async ValueTask<DemoFtpServer> StartAsync(INetwork network, Endpoint at, FtpServerOptions options, CancellationToken cancellationToken)
    {
        // Urgent data in its place: an ABOR sent as TCP urgent data (RFC 959 §4.1.3) would otherwise lose its last byte.
        var listening = ListenOptions.Default with { OutOfBandInline = true };
        return new(options, network, await network.ListenAsync(at, listening, cancellationToken));
    }

    /// <summary>Stops listening, cuts running transfers, and waits until every session has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        _options.Ports.Closed(_listener.LocalEndpoint);
        await _stop.CancelAsync();
        await _listener.DisposeAsync();
        await _accepting;
        await Task.WhenAll(_sessions);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var accepted = await _listener.AcceptAsync(_stop.Token);
                _sessions.RemoveWhere(session => session.IsCompleted);
                _sessions.Add(_sessions.Count < _options.MaxSessions ? ServeAsync(accepted, ++_count) : TurnAwayAsync(accepted));
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        catch (NetworkException lost)
        {
            Log.ListenerLost(_log, lost.Failure.Text);
        }
    }

    private async Task ServeAsync(Accepted accepted, long number)
    {
        Log.SessionBegan(_log, number, accepted.Peer.Address);
        await using var session = new FtpSession(_options, _network, accepted, Endpoint, _log, number);
        try
        {
            await session.RunAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        Log.SessionEnded(_log, number);
    }

    private async Task TurnAwayAsync(Accepted accepted)
    {
        try
        {
            await accepted.Duplex.WriteAsync(new Reply(421, "Too many sessions.").ToBytes(), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The server stops; the connection is closed below.
        }
        await Lingering.CloseAsync(accepted.Duplex, Lingering.FarewellLimit, _options.Time, _stop.Token);
    }
}
