using System.Collections.Concurrent;
using Culvert.Ftp.Opaque;
using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Ftp;

/// <summary>Relays FTP between two networks: the client is near, the server is far. It reads along on the control connection and carries
/// every data connection between the same two networks, whichever side asked for it. Local and remote tunnels differ in nothing but which network is which.</summary>
/// <param name="options">How to relay.</param>
/// <param name="logger">Told of what happens; see <c>Log</c>.</param>
/// <param name="time">All timeouts.</param>
/// <param name="observer">Sees transfers and rewritten lines; may be null.</param>
/// <remarks>Thread-safe; one relay serves any number of sessions at once.</remarks>
public sealed class FtpRelay(FtpRelayOptions options, ILogger logger, TimeProvider time, ITransferObserver? observer = null)
{
    private static long _sessions;
    private static long _transfers;

    private readonly ConcurrentDictionary<string, OpaquePorts> _ports = new();

    internal FtpRelayOptions Options => options;
    internal ILogger Logger => logger;
    internal TimeProvider Time => time;
    internal ITransferObserver? Observer => observer;

    /// <summary>Serves one client: connects to the server, and returns when both have gone and every listener, connection and timer of
    /// the session is released. Whatever networks and peers do is told to the client in FTP and never thrown.</summary>
    /// <param name="client">The client's control connection; owned from now on. Its listener should have been opened with
    /// <see cref="ListenOptions.OutOfBandInline"/>, or an ABOR sent as urgent data loses a byte.</param>
    /// <param name="near">Where the client is: here its data connections are awaited and made.</param>
    /// <param name="far">Where the server is.</param>
    /// <param name="destination">The server as configured. All data goes to this host, whatever the server's replies say.</param>
    /// <param name="stop">Shutdown: an idle session ends with 421, transfers get <see cref="FtpRelayOptions.ShutdownGrace"/>.</param>
    public Task RunAsync(Accepted client, INetwork near, INetwork far, Endpoint destination, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(client.Duplex);
        ArgumentNullException.ThrowIfNull(near);
        ArgumentNullException.ThrowIfNull(far);
        return new FtpSession(this, Interlocked.Increment(ref _sessions), client, near, far, destination).RunAsync(stop);
    }

    /// <summary>The ports of sessions that can't be read, for the address at which they came in.</summary>
    internal OpaquePorts PortsFor(OpaqueRoute route) => _ports.GetOrAdd(route.NearHost, static (_, route) => new OpaquePorts(route), route);

    internal static long NextTransfer() => Interlocked.Increment(ref _transfers);
}
