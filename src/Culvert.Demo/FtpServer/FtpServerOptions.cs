using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Demo.FtpServer;

/// <summary>What the demo's FTP server is told.</summary>
internal sealed class FtpServerOptions
{
    /// <summary>The folder that is the whole tree. It exists, and nobody but this user may write in it.</summary>
    public required string Root { get; init; }

    /// <summary>Who may log in.</summary>
    public required Credentials Credentials { get; init; }

    /// <summary>Told of every data port while it's open.</summary>
    public OpenPorts Ports { get; init; } = new();

    /// <summary>Where the log goes.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock of all limits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A session without a command or a transfer ends after this long (RFC 1123 §4.1.3.2: at least five minutes).</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A data connection must stand this long after the transfer's command.</summary>
    public TimeSpan DataOpenLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A transfer that moves no byte for this long is given up; so is waiting for the peer's end after the last byte.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Sessions at once; one more hears 421.</summary>
    public int MaxSessions { get; init; } = 100;
}
