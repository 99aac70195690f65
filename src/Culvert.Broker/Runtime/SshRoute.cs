using Culvert.Net;
using Culvert.Ssh;

namespace Culvert.Broker.Runtime;

/// <summary>An SSH connection with the ones that it goes through. Each is whole in itself: its own host key, its own login, its own keys. Thread-safe.</summary>
/// <param name="connection">The server that is meant.</param>
/// <param name="via">The way to it; null: none but this machine's network.</param>
internal sealed class SshRoute(SshConnection connection, SshRoute? via) : IAsyncDisposable
{
    /// <summary>The connection to the server that is meant.</summary>
    public SshConnection Connection => connection;

    /// <summary>The far side.</summary>
    public INetwork Network => connection.Network;

    /// <summary>Why it ended. When a connection on the way is lost, that is the reason, not what the later ones saw of it. Completes when it does; never faults.</summary>
    public Task<Failure> Closed { get; } = via is null ? connection.Closed : FirstAsync(connection.Closed, via.Closed);

    /// <summary>Ends all, the last one first, so that each can say so.</summary>
    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync().ConfigureAwait(false);
        if (via is not null)
            await via.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<Failure> FirstAsync(Task<Failure> own, Task<Failure> beneath)
    {
        await Task.WhenAny(own, beneath).ConfigureAwait(false);
        return await (beneath.IsCompleted ? beneath : own).ConfigureAwait(false);
    }
}
