using Culvert.Net;

namespace Culvert.OpenSsh;

/// <summary>The far side of a connection that <c>ssh</c> made. Connecting goes over the shared connection itself; ports on the server are ssh's. Thread-safe.</summary>
/// <param name="master">Holds the connection.</param>
/// <param name="channels">Speaks over <see cref="OpenSshMaster.OpenProxyAsync"/>.</param>
public sealed class OpenSshNetwork(OpenSshMaster master, INetwork channels) : INetwork
{
    /// <inheritdoc/>
    public Dial Connect(Endpoint to, ConnectOptions options) => channels.Connect(to, options);

    /// <inheritdoc/>
    public ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        // To ssh an empty address means "as without one"; a star is every address (ssh_config(5), RemoteForward).
        return master.ListenAsync(at.Host.Length == 0 ? at with { Host = "*" } : at, options, cancellationToken);
    }
}
