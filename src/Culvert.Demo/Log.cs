using Culvert.Net;
using Microsoft.Extensions.Logging;

namespace Culvert.Demo;

/// <summary>All log messages of the demo. Event ids 4000–4999. No argument of a command is ever logged.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Debug, "ftp session {Session}: from {Peer}")]
    public static partial void SessionBegan(ILogger logger, long session, Endpoint peer);

    [LoggerMessage(4001, LogLevel.Debug, "ftp session {Session}: ended")]
    public static partial void SessionEnded(ILogger logger, long session);

    [LoggerMessage(4002, LogLevel.Debug, "ftp session {Session}: login, success: {Success}")]
    public static partial void LoginTried(ILogger logger, long session, bool success);

    [LoggerMessage(4003, LogLevel.Debug, "ftp session {Session}: {Verb} ended after {Bytes} bytes with {Code}")]
    public static partial void TransferEnded(ILogger logger, long session, string verb, long bytes, int code);

    [LoggerMessage(4004, LogLevel.Error, "ftp server: the listener is lost: {Reason}")]
    public static partial void ListenerLost(ILogger logger, string reason);
}
