using System.Net.Sockets;
using Culvert.Net;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Trust;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Ssh;

/// <summary>What a connection to an SSH server needs. Immutable.</summary>
public sealed record SshClientOptions
{
    /// <summary>The server: the host as the user named it, and its port.</summary>
    public required Endpoint Server { get; init; }

    /// <summary>Decides about the server's host key. There is no default. The time that it takes to ask a person is not counted.</summary>
    public required HostKeyPolicy HostKeyPolicy { get; init; }

    /// <summary>Learns the server's other host keys from it (<c>UpdateHostKeys</c>); null: nobody does.</summary>
    public HostKeyLearner? HostKeyLearner { get; init; }

    /// <summary>The name by which the learner knows the server; null: as known_hosts writes host and port.</summary>
    public string? HostKeyName { get; init; }

    /// <summary>Who logs in, and by what. The time in <see cref="ClientAuthenticationOptions.Ask"/> is not counted.</summary>
    public required ClientAuthenticationOptions Authentication { get; init; }

    /// <summary>What to offer in the key exchange.</summary>
    public AlgorithmPreferences Algorithms { get; init; } = AlgorithmPreferences.Default;

    /// <summary>When keys are changed.</summary>
    public RekeyLimits Rekey { get; init; } = RekeyLimits.Default;

    /// <summary>One deadline over connecting, versions, key exchange and authentication, without the time that a person takes to answer. A server that is stopped
    /// still accepts connections: only a deadline finds out.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>After this much silence the server is asked for a sign of life; zero: never.</summary>
    public TimeSpan ServerAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Questions without an answer after which the connection is dead.</summary>
    public int ServerAliveCountMax { get; init; } = 3;

    /// <summary>Whether the system probes a silent connection (TCPKeepAlive). Not encrypted, unlike <see cref="ServerAliveInterval"/>.</summary>
    public bool TcpKeepAlive { get; init; } = true;

    /// <summary>Whether a session is opened after the login in which a command does nothing, so that sshd up to 10.0 sends small packets at once. A server that forces a
    /// command runs that one instead. A refusal does no harm.</summary>
    public bool ServerNoDelay { get; init; }

    /// <summary>Prefer one address family for the server's name.</summary>
    public AddressFamily? Family { get; init; }

    /// <summary>Bind this local address first (port 0: any).</summary>
    public Endpoint? Source { get; init; }

    /// <summary>Without a <see cref="Source"/>, bind an address of this network interface first.</summary>
    public string? SourceInterface { get; init; }

    /// <summary>What receive windows are charged to.</summary>
    public WindowBudget WindowBudget { get; init; } = WindowBudget.Process;

    /// <summary>Where to log.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
