namespace Culvert.Net;

/// <summary>A place where connections can be made and awaited. This machine's TCP is one, the far side of an SSH connection is
/// one, memory is one. Everything that relays knows two networks, near and far, and nothing else.</summary>
/// <remarks>Thread-safe.</remarks>
public interface INetwork
{
    /// <summary>Starts a connection and returns at once. Never throws for what the network says; that is in <see cref="Dial.Outcome"/>.</summary>
    /// <param name="to">Where to; a name is resolved by this network (for SSH: by the server).</param>
    /// <param name="options">What only the caller knows.</param>
    Dial Connect(Endpoint to, ConnectOptions options);

    /// <summary>Listens. When the task completes, connections are accepted from that moment on and none is lost.</summary>
    /// <param name="at">An address of this network; port 0 lets it choose (see <see cref="IListener.LocalEndpoint"/>).</param>
    /// <param name="options">What only the caller knows.</param>
    /// <param name="cancellationToken">Gives up; a listener that still comes is closed.</param>
    /// <exception cref="NetworkException">The network refused.</exception>
    ValueTask<IListener> ListenAsync(Endpoint at, ListenOptions options, CancellationToken cancellationToken);

    /// <summary>To listen here is to ask somebody over a way: whoever will need a port does well to ask ahead.</summary>
    bool ListensOverAWay => false;
}

/// <summary>Orders between connections of one network, never within one.</summary>
public enum Priority
{
    /// <summary>A dialogue: a late byte is felt.</summary>
    Interactive,
    /// <summary>A file: only the sum counts. What follows a read or a write of such a TCP connection may run on the loop that serves all of them, and must not block.</summary>
    Bulk,
}

/// <summary>What only the caller of <see cref="INetwork.Connect"/> knows. A network ignores what it has no use for.</summary>
public sealed record ConnectOptions
{
    /// <summary>All defaults.</summary>
    public static ConnectOptions Default { get; } = new();

    /// <summary>Give up after this long, with <see cref="FailureKind.Timeout"/>.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whose connection this is made for; SSH tells its server (RFC 4254 §7.2, originator).</summary>
    public Endpoint? Originator { get; init; }

    /// <summary>Bind this local address first (port 0: any). A name means its address of the target's family.</summary>
    public Endpoint? Source { get; init; }

    /// <summary>TCP only: without a <see cref="Source"/>, bind an address of this network interface first.</summary>
    public string? SourceInterface { get; init; }

    /// <summary>Only connect when the listening socket there belongs to this user of this machine; otherwise
    /// <see cref="FailureKind.Prohibited"/>. Unknown counts as no. Has a meaning for loopback destinations only.</summary>
    public UserId? RequiredOwner { get; init; }

    /// <summary>How it ranks among the connections that share one transport.</summary>
    public Priority Priority { get; init; } = Priority.Interactive;

    /// <summary>TCP only: acknowledge short segments at once. A peer with Nagle's algorithm on, as sshd has it for forwarding,
    /// otherwise waits 40 ms for our delayed acknowledgement.</summary>
    public bool QuickAcknowledge { get; init; }

    /// <summary>TCP only: probe a silent peer (SO_KEEPALIVE), so that one that vanished is noticed at last.</summary>
    public bool KeepAlive { get; init; } = true;

    /// <summary>Prefer one address family when a name has several: null takes what the resolver ranks first.</summary>
    public System.Net.Sockets.AddressFamily? Family { get; init; }

    /// <summary>Dropping the connection without an orderly end shows the peer a reset, even if this process is killed.</summary>
    public bool ArmedToReset { get; init; }
}

/// <summary>What only the caller of <see cref="INetwork.ListenAsync"/> knows. A network ignores what it has no use for.</summary>
public sealed record ListenOptions
{
    /// <summary>All defaults.</summary>
    public static ListenOptions Default { get; } = new();

    /// <summary>Choose the port from this range (both ends included) when port 0 is asked for.</summary>
    public PortRange? Ports { get; init; }

    /// <summary>Accepted connections show their peer a reset unless they were ended in order, even if this process is killed.</summary>
    public bool ArmedToReset { get; init; }

    /// <summary>TCP urgent data is delivered in its place in the stream.</summary>
    public bool OutOfBandInline { get; init; }

    /// <summary>How connections accepted here rank among those that share one transport.</summary>
    public Priority Priority { get; init; } = Priority.Interactive;
}
