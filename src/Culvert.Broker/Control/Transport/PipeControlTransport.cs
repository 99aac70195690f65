using System.Net;
using Culvert.Net;
using Microsoft.AspNetCore.Connections;

namespace Culvert.Broker.Control;

/// <summary>A named pipe. Its access list lets in its user and the machine's administrators, and nobody over the network; a client looks at the owner of what it has opened.</summary>
/// <param name="name">The pipe's name.</param>
/// <param name="pipes">Opens its ends.</param>
internal sealed class PipeControlTransport(string name, IPipes pipes) : IControlTransport
{
    /// <summary>A client that finds all ends taken waits so long: the broker opens the next one at once.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Place => PipeName.Prefix + name;

    /// <inheritdoc/>
    public bool MayBeServed => pipes.IsServed(name);

    // The first end is opened only where nobody has one.
    public Task PrepareAsync(CancellationToken cancellationToken) => MayBeServed ? throw ControlSocket.InUse(Place) : Task.CompletedTask;

    /// <inheritdoc/>
    public EndPoint EndPoint => new NamedPipeEndPoint(name);

    /// <inheritdoc/>
    public IConnectionListenerFactory Listeners => new PipeListenerFactory(pipes);

    /// <inheritdoc/>
    public void Started()
    {
        // The access list was there from the beginning.
    }

    // Nobody else could open it.
    public bool Admits(ConnectionContext connection, out UserId? peer)
    {
        peer = null;
        return true;
    }

    /// <inheritdoc/>
    public void Ended()
    {
        // A pipe is gone with its last end.
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        // To the runtime a pipe that isn't there is one that will be: it would wait.
        if (!MayBeServed)
            throw new TimeoutException("nobody serves the pipe");
        var stream = pipes.Client(name);
        try
        {
            await stream.ConnectAsync(Patience, cancellationToken).ConfigureAwait(false);
            return pipes.Believes(stream) ? stream : throw ControlSocket.Foreign(Place);
        }
        catch (UnauthorizedAccessException)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw ControlSocket.Foreign(Place);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
