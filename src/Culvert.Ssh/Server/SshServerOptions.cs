using Culvert.Net;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Ssh;

/// <summary>What a server needs. Immutable. It runs no programs: it connects and listens for its clients, and hands sessions on, as far as it's told to.</summary>
public sealed record SshServerOptions
{
    /// <summary>Keys that prove who the server is; none: an Ed25519 key made for this server. The caller owns them.</summary>
    public IReadOnlyList<Signer> HostKeys { get; init; } = [];

    /// <summary>Who may log in, and by what.</summary>
    public required ServerAuthenticationOptions Authentication { get; init; }

    /// <summary>Where clients' connections are made and their ports are opened.</summary>
    public required INetwork Network { get; init; }

    /// <summary>Whether clients may connect there (<c>direct-tcpip</c>). No default: an open proxy should be nobody's accident.</summary>
    public required Func<Endpoint, bool> MayConnect { get; init; }

    /// <summary>Whether clients may listen there (<c>tcpip-forward</c>; port 0: any port). No default.</summary>
    public required Func<Endpoint, bool> MayListen { get; init; }

    /// <summary>Serves a session (shell, command, subsystem) until its program has ended, and says how. Null: sessions are refused.</summary>
    public Func<SshServerSession, CancellationToken, Task<SessionEnd>>? ServeSession { get; init; }

    /// <summary>What to offer in the key exchange.</summary>
    public AlgorithmPreferences Algorithms { get; init; } = AlgorithmPreferences.Server;

    /// <summary>What a client may take from its connection to its login.</summary>
    public TimeSpan LoginTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Connections at a time; more are reset.</summary>
    public int MaximumConnections { get; init; } = 64;

    /// <summary>What receive windows are charged to.</summary>
    public WindowBudget WindowBudget { get; init; } = WindowBudget.Process;

    /// <summary>Where to log.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
