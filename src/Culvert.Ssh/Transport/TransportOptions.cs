using Culvert.Ssh.Crypto;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Ssh.Transport;

/// <summary>What a transport may be told. Immutable.</summary>
internal sealed record TransportOptions
{
    /// <summary>What to offer.</summary>
    public AlgorithmPreferences Algorithms { get; init; } = AlgorithmPreferences.Default;

    /// <summary>A client's first key exchange, begun before the server agreed to it. Not owned.</summary>
    public PreparedExchange? Prepared { get; init; }

    /// <summary>When keys are changed.</summary>
    public RekeyLimits Rekey { get; init; } = RekeyLimits.Default;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to log.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>What follows <c>SSH-2.0-</c>: printable, without blanks and minus signs (RFC 4253 §4.2).</summary>
    public string SoftwareVersion { get; init; } = "Culvert_0.1";

    /// <summary>Whether strict key exchange is offered (OpenSSH PROTOCOL §1.10). Off only in tests that show what it is for.</summary>
    public bool StrictKeyExchange { get; init; } = true;
}
