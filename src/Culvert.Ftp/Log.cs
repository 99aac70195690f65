using Microsoft.Extensions.Logging;

namespace Culvert.Ftp;

/// <summary>What relays log. Every text from a peer is escaped before it comes here, and no argument of PASS, ACCT or ADAT ever does.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Debug, "ftp {Session}: client {Client}, server {Server}")]
    public static partial void SessionStarted(ILogger logger, long session, string client, string server);

    [LoggerMessage(2001, LogLevel.Debug, "ftp {Session}: ended: {Why}")]
    public static partial void SessionEnded(ILogger logger, long session, string why);

    [LoggerMessage(2002, LogLevel.Warning, "ftp {Session}: no connection to {Server}: {Why}")]
    public static partial void ServerUnreachable(ILogger logger, long session, string server, string why);

    [LoggerMessage(2003, LogLevel.Trace, "ftp {Session}: > {Command}")]
    public static partial void Command(ILogger logger, long session, string command);

    [LoggerMessage(2004, LogLevel.Trace, "ftp {Session}: < {Reply}")]
    public static partial void Reply(ILogger logger, long session, string reply);

    [LoggerMessage(2005, LogLevel.Information, "ftp {Session}: {What}: {Why}")]
    public static partial void Notice(ILogger logger, long session, string what, string why);

    [LoggerMessage(2006, LogLevel.Information, "ftp {Session}: client and server speak TLS with each other: nothing is read, rewritten or checked any more")]
    public static partial void SteppedAside(ILogger logger, long session);

    [LoggerMessage(2010, LogLevel.Debug, "ftp {Session}: rewrote \"{From}\" to \"{To}\"")]
    public static partial void Rewrote(ILogger logger, long session, string from, string to);

    [LoggerMessage(2011, LogLevel.Debug, "ftp {Session}: data {Path}: connecting to {Server}")]
    public static partial void DialingFar(ILogger logger, long session, int path, string server);

    [LoggerMessage(2012, LogLevel.Debug, "ftp {Session}: data {Path}: connecting to the client at {Client}")]
    public static partial void DialingNear(ILogger logger, long session, int path, string client);

    [LoggerMessage(2013, LogLevel.Debug, "ftp {Session}: data {Path}: listening on {Address}")]
    public static partial void Listening(ILogger logger, long session, int path, string address);

    [LoggerMessage(2014, LogLevel.Warning, "ftp {Session}: data {Path}: refused a connection from {Client}: {Why}")]
    public static partial void Stranger(ILogger logger, long session, int path, string client, string why);

    [LoggerMessage(2015, LogLevel.Debug, "ftp {Session}: data {Path}: a connection from {Originator} on the far side")]
    public static partial void Originator(ILogger logger, long session, int path, string originator);

    [LoggerMessage(2016, LogLevel.Warning, "ftp {Session}: data {Path}: {Side} failed: {Why}")]
    public static partial void DataFailed(ILogger logger, long session, int path, string side, string why);

    [LoggerMessage(2020, LogLevel.Information, "ftp {Session}: {Verb} {Name}: {Result}, {Bytes} bytes: {Reply}")]
    public static partial void TransferEnded(ILogger logger, long session, string verb, string name, TransferResult result, long bytes, string reply);

    [LoggerMessage(2021, LogLevel.Warning, "ftp {Session}: {Verb} {Name}: the server announced {Expected} bytes, sent {Bytes} and called it complete: the file changed meanwhile, or is cut")]
    public static partial void CountDiffers(ILogger logger, long session, string verb, string name, long expected, long bytes);

    [LoggerMessage(2030, LogLevel.Warning, "ftp: refused a connection from {Client} to passive port {Port}: {Why}")]
    public static partial void OpaqueStranger(ILogger logger, string client, int port, string why);

    [LoggerMessage(2031, LogLevel.Warning, "ftp: no data connection to {Server}: {Why}")]
    public static partial void OpaqueFailed(ILogger logger, string server, string why);
}
