using Microsoft.Extensions.Logging;

namespace Culvert.Broker;

/// <summary>Everything that the broker logs. 3000–3099: control.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Warning, "control: user {User} was refused: this broker belongs to another user")]
    public static partial void ControlRefused(ILogger logger, string user);
}
