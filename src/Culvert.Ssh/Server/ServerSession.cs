using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Transport;

namespace Culvert.Ssh.Server;

/// <summary>One client after its login: owns its connection, and all tasks that serve it.</summary>
internal sealed class ServerSession : IAsyncDisposable
{
    private readonly Multiplexer _multiplexer;
    private readonly SessionTasks _tasks;
    private readonly CancellationTokenSource _stop = new();

    /// <param name="transport">After the login.</param>
    /// <param name="options">What the client may do; budget and clock.</param>
    /// <param name="connection">What concerns the connection alone.</param>
    public ServerSession(IPacketTransport transport, SshServerOptions options, MultiplexerOptions connection)
    {
        _tasks = new SessionTasks(connection.Logger);
        _multiplexer = new Multiplexer(transport, connection with { WindowBudget = options.WindowBudget, Time = options.Time },
            multiplexer => new ServerConnectionRole(multiplexer, options, _tasks, connection.Logger, _stop));
    }

    /// <summary>Why the connection ended.</summary>
    public Task<Failure> Closed => _multiplexer.Closed;

    /// <summary>Its buffers, for tests that count them.</summary>
    public ConnectionBuffers Buffers => _multiplexer.Buffers;

    /// <summary>Ends the connection at once; the client is told.</summary>
    public void Stop() => _multiplexer.Fail(new Failure(FailureKind.NetworkLost, "the server stops"), DisconnectReason.ByApplication);

    public async ValueTask DisposeAsync()
    {
        await _multiplexer.DisposeAsync();
        await _stop.CancelAsync();
        await _tasks.WhenAllAsync();
        _stop.Dispose();
    }
}
