namespace Culvert.Net;

/// <summary>An open port on some network.</summary>
/// <remarks>Disposing stops listening and resets what was accepted by the network but not yet taken. Thread-safe.</remarks>
public interface IListener : IAsyncDisposable
{
    /// <summary>Where it listens, with the port that was chosen. For a remote listener the host is as asked for.</summary>
    Endpoint LocalEndpoint { get; }

    /// <summary>Takes the next connection.</summary>
    /// <exception cref="NetworkException">The listener is closed or its network is lost.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the listener goes on.</exception>
    ValueTask<Accepted> AcceptAsync(CancellationToken cancellationToken);
}

/// <summary>A connection that came in. The taker owns the duplex.</summary>
public readonly record struct Accepted(Duplex Duplex, Peer Peer);

/// <summary>How an address is known.</summary>
public enum AddressKnowledge
{
    /// <summary>Not at all.</summary>
    Unknown,
    /// <summary>Somebody said so (SSH: the server's word for the originator).</summary>
    Claimed,
    /// <summary>This machine's kernel said so.</summary>
    Observed,
}

/// <summary>What a listener knows of who connected. Policy decides what to make of <i>unknown</i>; nobody asks a network for more.</summary>
/// <param name="Address">The peer's end; meaningless when <paramref name="Knowledge"/> is unknown.</param>
/// <param name="Knowledge">How the address is known.</param>
/// <param name="Owner">The user behind the peer's socket, when it is a process of this machine and could be told; else null.</param>
/// <param name="Local">The address that the peer dialled, when known.</param>
public sealed record Peer(Endpoint Address, AddressKnowledge Knowledge, UserId? Owner, Endpoint? Local)
{
    /// <summary>Nothing is known.</summary>
    public static Peer Unknown { get; } = new(default, AddressKnowledge.Unknown, null, null);

    /// <summary>Whether the peer's socket must be on this machine, so that a missing owner means <i>could not be told</i>.</summary>
    public bool IsLocal => Knowledge == AddressKnowledge.Observed && (Address.IsLoopback || (Local is { } local && local.Host == Address.Host));
}

/// <summary>A user of this machine, as its kernel names one: a number on Unix, a SID on Windows.</summary>
public sealed record UserId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}
