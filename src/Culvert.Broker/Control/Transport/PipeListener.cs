using System.IO.Pipes;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Culvert.Broker.Control;

/// <summary>Named pipes for Kestrel. Its own are for Windows alone and could be tried nowhere else; these are the runtime's, whose ends our own access list guards.</summary>
/// <param name="pipes">Opens the ends.</param>
internal sealed class PipeListenerFactory(IPipes pipes) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is NamedPipeEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new PipeListener(pipes, (NamedPipeEndPoint)endpoint));
}

/// <summary>One end waits at any time but the moment in which a client has taken it.</summary>
internal sealed class PipeListener : IConnectionListener
{
    private readonly IPipes _pipes;
    private readonly NamedPipeEndPoint _at;
    private readonly CancellationTokenSource _unbound = new();
    private NamedPipeServerStream _waiting;

    public PipeListener(IPipes pipes, NamedPipeEndPoint at)
    {
        (_pipes, _at) = (pipes, at);
        _waiting = pipes.Serve(at.PipeName, isFirst: true);
    }

    /// <inheritdoc/>
    public EndPoint EndPoint => _at;

    /// <summary>The next client.</summary>
    /// <returns>Null when it listens no more.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_unbound.Token, cancellationToken);
        while (true)
        {
            try
            {
                await _waiting.WaitForConnectionAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_unbound.IsCancellationRequested)
            {
                return null;
            }
            catch (IOException)
            {
                // A client came and went before it was seen: its end is used up.
                var used = _waiting;
                _waiting = _pipes.Serve(_at.PipeName, isFirst: false);
                await used.DisposeAsync().ConfigureAwait(false);
                continue;
            }
            var connected = _waiting;
            _waiting = _pipes.Serve(_at.PipeName, isFirst: false);
            return new PipeConnection(connected, _at);
        }
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default) => await _unbound.CancelAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _unbound.CancelAsync().ConfigureAwait(false);
        await _waiting.DisposeAsync().ConfigureAwait(false);
        _unbound.Dispose();
    }
}
