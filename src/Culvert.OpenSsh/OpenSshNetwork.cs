using System.Security.Cryptography;
using Culvert.Net;

namespace Culvert.OpenSsh;

/// <summary>The far side of a connection that <c>ssh</c> made. Connecting goes over the shared connection itself; ports on the server are ssh's. Thread-safe.</summary>
/// <param name="master">Holds the connection.</param>
/// <param name="channels">Speaks over <see cref="OpenSshMaster.OpenProxyAsync"/>.</param>
public sealed class OpenSshNetwork(OpenSshMaster master, INetwork channels) : INetwork
{
    /// <inheritdoc/>
    public bool ListensOverAWay => true;

    /// <inheritdoc/>
    public Dial Connect(Endpoint to, ConnectOptions options) => channels.Connect(to, options);

    /// <inheritdoc/>
    public async ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        // To ssh an empty address means "as without one"; a star is every address (ssh_config(5), RemoteForward).
        var asked = at.Host.Length == 0 ? at with { Host = "*" } : at;
        if (at.Port != 0 || options.Ports is not { } ports)
            return await master.ListenAsync(asked, options, cancellationToken).ConfigureAwait(false);
        // Begin anywhere in the range: neighbours that were just closed may linger.
        var count = ports.Last - ports.First + 1;
        var start = RandomNumberGenerator.GetInt32(count);
        for (var i = 0; ; i++)
        {
            try
            {
                return await master.ListenAsync(asked.WithPort(ports.First + (start + i) % count), options, cancellationToken).ConfigureAwait(false);
            }
            catch (NetworkException e) when (e.Failure.Kind == FailureKind.Prohibited && i + 1 < count)
            {
                // Taken or forbidden: the next.
            }
        }
    }
}
