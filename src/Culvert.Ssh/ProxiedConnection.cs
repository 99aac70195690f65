using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Transport;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh;

/// <summary>The connection protocol (RFC 4254) alone, over a connection that another program made and protects: no keys, no login, no host key. Channels only; remote
/// ports are that program's. Thread-safe.</summary>
public sealed class ProxiedConnection : IAsyncDisposable
{
    private readonly Multiplexer _multiplexer;

    /// <summary>Begins to speak.</summary>
    /// <param name="shared">Carries <c>uint32 length, byte 0, payload</c> both ways; owned from now on.</param>
    /// <param name="loggerFactory">Where to log.</param>
    /// <param name="time">The clock.</param>
    public ProxiedConnection(Duplex shared, ILoggerFactory loggerFactory, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        var (listeners, logger) = (new RemoteListeners(), loggerFactory.CreateLogger("Culvert.Ssh"));
        // A DISCONNECT would end the other program's connection, which is not ours to end.
        var options = new MultiplexerOptions { Time = time, Logger = logger, Disconnect = (_, _, _) => ValueTask.CompletedTask };
        _multiplexer = new Multiplexer(new ProxiedTransport(shared), options, multiplexer => new ClientConnectionRole(multiplexer, listeners, hostKeys: null, logger));
        Network = new SshNetwork(_multiplexer, listeners, time);
    }

    /// <summary>The far side; it connects only.</summary>
    public INetwork Network { get; }

    /// <summary>Why it ended; completes when it does, never faults.</summary>
    public Task<Failure> Closed => _multiplexer.Closed;

    /// <inheritdoc cref="SshConnection.DrainAsync"/>
    public Task<bool> DrainAsync(CancellationToken cancellationToken) => _multiplexer.DrainAsync(cancellationToken);

    /// <summary>Ends it; channels still open are cut.</summary>
    public ValueTask DisposeAsync() => _multiplexer.DisposeAsync();
}
