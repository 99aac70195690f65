using Microsoft.Extensions.Logging;

namespace Culvert.OpenSsh;

/// <summary>All messages of this project; numbers 1800–1899.</summary>
internal static partial class Log
{
    [LoggerMessage(1800, LogLevel.Debug, "engine openssh: {program} makes the connection")]
    public static partial void Starting(ILogger logger, string program);

    [LoggerMessage(1801, LogLevel.Debug, "engine openssh: connected, control socket {path}")]
    public static partial void Connected(ILogger logger, string path);

    [LoggerMessage(1802, LogLevel.Debug, "engine openssh: ssh ended with status {status}")]
    public static partial void Ended(ILogger logger, int status);
}
