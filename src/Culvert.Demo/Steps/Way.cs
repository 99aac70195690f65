using Culvert.Ftp;
using Culvert.Net;

namespace Culvert.Demo.Steps;

/// <summary>One of the two directions, running: its listeners, and the FTP relay behind them. <c>-L</c> listens on this machine's TCP and
/// connects beyond SSH, <c>-R</c> the other way round; the relay doesn't know which.</summary>
internal sealed class Way : IAsyncDisposable
{
    /// <summary>More than a person opens by hand, and than the tour does.</summary>
    private const int MaxSessions = 100;

    private readonly List<IListener> _listeners = [];
    private readonly List<Task<Failure?>> _running = [];
    private readonly CancellationTokenSource _stop = new();

    private Way(string option, Endpoint destination) => (Option, Destination) = (option, destination);

    /// <summary><c>-L</c> or <c>-R</c>.</summary>
    public string Option { get; }

    /// <summary>The FTP server, as the far network knows it.</summary>
    public Endpoint Destination { get; }

    /// <summary>Where FTP clients connect, over IPv4.</summary>
    public Endpoint Entrance => _listeners[0].LocalEndpoint;

    /// <summary>Where they connect over IPv6; null where there's none.</summary>
    public Endpoint? Entrance6 => _listeners.Count > 1 ? _listeners[1].LocalEndpoint : null;

    /// <summary>As it stands on the command line of <c>culvert</c>.</summary>
    public string Specification => FormattableString.Invariant($"{Option} ftp/{Entrance.Port}:{Destination.Host}:{Destination.Port}");

    /// <summary>Opens it.</summary>
    /// <param name="option"><c>-L</c> or <c>-R</c>.</param>
    /// <param name="near">Where FTP clients are.</param>
    /// <param name="far">Where the FTP server is.</param>
    /// <param name="destination">The FTP server.</param>
    /// <param name="relay">What speaks FTP between both.</param>
    /// <param name="withIPv6">Listen on ::1 too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NetworkException">It can't listen.</exception>
    public static async Task<Way> OpenAsync(string option, INetwork near, INetwork far, Endpoint destination, FtpRelay relay, bool withIPv6, CancellationToken cancellationToken)
    {
        var way = new Way(option, destination);
        try
        {
            // ABOR comes as urgent data; see FtpRelay.
            var listening = ListenOptions.Default with { OutOfBandInline = true };
            way._listeners.Add(await near.ListenAsync(new(Endpoint.Loopback4, 0), listening, cancellationToken));
            if (withIPv6) way._listeners.Add(await ListenOnIPv6Async(near, way.Entrance.Port, listening, cancellationToken));
        }
        catch
        {
            await way.DisposeAsync();
            throw;
        }
        foreach (var listener in way._listeners)
            way._running.Add(new Tunnel(listener, (client, stop) => relay.RunAsync(client, near, far, destination, stop), MaxSessions).RunAsync(way._stop.Token));
        return way;
    }

    /// <summary>Closes the listeners and waits for the sessions; running transfers get the relay's grace.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        foreach (var listener in _listeners) await listener.DisposeAsync();
        _stop.Dispose();
    }

    // The same port on both addresses is nice to read; somebody may have it.
    private static async Task<IListener> ListenOnIPv6Async(INetwork near, int port, ListenOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await near.ListenAsync(new(Endpoint.Loopback6, port), options, cancellationToken);
        }
        catch (NetworkException)
        {
            return await near.ListenAsync(new(Endpoint.Loopback6, 0), options, cancellationToken);
        }
    }
}
