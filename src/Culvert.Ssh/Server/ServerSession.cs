using Culvert.Net;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Transport;
using Microsoft.Extensions.Logging;

namespace Culvert.Ssh.Server;

/// <summary>One client after its login: owns its connection, and all tasks that serve it.</summary>
internal sealed class ServerSession : IAsyncDisposable
{
    private readonly Multiplexer _multiplexer;
    private readonly SessionTasks _tasks;
    private readonly CancellationTokenSource _stop = new();

    public ServerSession(IPacketTransport transport, SshServerOptions options, ILogger logger)
    {
        _tasks = new SessionTasks(logger);
        _multiplexer = new Multiplexer(transport,
            new MultiplexerOptions
            {
                WindowBudget = options.WindowBudget,
                Time = options.Time,
                Logger = logger,
                RefuseLast = transport is RekeyingTransport ssh ? ssh.RefuseLast : static () => { },
            },
            multiplexer => new ServerConnectionRole(multiplexer, options, _tasks, logger, _stop));
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
