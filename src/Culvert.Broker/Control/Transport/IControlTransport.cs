using System.Net;
using Culvert.Broker.Runtime;
using Culvert.Net;
using Microsoft.AspNetCore.Connections;

namespace Culvert.Broker.Control;

/// <summary>How a broker and those who speak to it meet: a socket in the file system, or a named pipe where that's Windows. Nothing of either leaves this machine, and the system says whose
/// each end is: the broker lets in its own user and the machine's administrator, and who comes believes no broker of anybody else.</summary>
internal interface IControlTransport
{
    /// <summary>The place, as it's shown and typed.</summary>
    string Place { get; }

    /// <summary>Whether something may listen there: a cheap look that connects nothing.</summary>
    bool MayBeServed { get; }

    /// <summary>Makes the place ready for a broker.</summary>
    /// <exception cref="BrokerException">A broker runs there, or the place isn't ours.</exception>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>The place, for a server to listen there.</summary>
    EndPoint EndPoint { get; }

    /// <summary>What it listens with.</summary>
    IConnectionListenerFactory Listeners { get; }

    /// <summary>The server listens.</summary>
    void Started();

    /// <summary>Whether who connected may come in; asked before a byte of theirs is read.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="peer">Their user, as far as it's known.</param>
    bool Admits(ConnectionContext connection, out UserId? peer);

    /// <summary>The server has ended.</summary>
    void Ended();

    /// <summary>Connects to the broker.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">No broker is there.</exception>
    /// <exception cref="TimeoutException">Likewise.</exception>
    /// <exception cref="BrokerException">Whoever listens isn't to be believed.</exception>
    ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken);
}
