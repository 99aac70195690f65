using Culvert.Net;
using Culvert.OpenSsh;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>The far side of an SSH connection, whichever engine made it: a network, why it ended, and what must be ended. Thread-safe.</summary>
internal sealed class SshRoute : IAsyncDisposable
{
    private readonly IReadOnlyList<IAsyncDisposable> _parts;

    private SshRoute(INetwork network, Task<Failure> own, Task<Failure>? beneath, params IReadOnlyList<IAsyncDisposable> parts)
    {
        (Network, _parts) = (network, parts);
        Closed = beneath is null ? own : FirstAsync(own, beneath);
    }

    /// <summary>The far side.</summary>
    public INetwork Network { get; }

    /// <summary>The connection to the server that is meant, when our own engine made it.</summary>
    public SshConnection? Connection => _parts[0] as SshConnection;

    /// <summary>Why it ended. When something on the way is lost, that is the reason, not what came of it. Completes when it does; never faults.</summary>
    public Task<Failure> Closed { get; }

    /// <summary>A connection of our own engine. The ones that it goes through are each whole in themselves: their own host key, login and keys.</summary>
    /// <param name="connection">The server that is meant.</param>
    /// <param name="via">The way to it; null: none but this machine's network.</param>
    public static SshRoute Of(SshConnection connection, SshRoute? via) =>
        via is null ? new(connection.Network, connection.Closed, null, connection) : new(connection.Network, connection.Closed, via.Closed, connection, via);

    /// <summary>A connection of the user's own <c>ssh</c>.</summary>
    /// <param name="channels">Speaks over the connection that it shares.</param>
    /// <param name="master">The program.</param>
    public static SshRoute Of(ProxiedConnection channels, OpenSshMaster master) =>
        new(new OpenSshNetwork(master, channels.Network), channels.Closed, master.Closed, channels, master);

    /// <summary>Waits until no connection through it is left, each closed by both sides: the server has then passed on what it was sent. False: it ended first.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<bool> DrainAsync(CancellationToken cancellationToken) => _parts[0] is ProxiedConnection shared ? shared.DrainAsync(cancellationToken) : Connection!.DrainAsync(cancellationToken);

    /// <summary>Ends all, the last one first, so that each can say so.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var part in _parts)
            await part.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<Failure> FirstAsync(Task<Failure> own, Task<Failure> beneath)
    {
        await Task.WhenAny(own, beneath).ConfigureAwait(false);
        return await (beneath.IsCompleted ? beneath : own).ConfigureAwait(false);
    }
}
