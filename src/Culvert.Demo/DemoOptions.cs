using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culvert.Demo;

/// <summary>How <c>culvert demo</c> runs.</summary>
public sealed record DemoOptions
{
    /// <summary>End after the transfers, instead of staying up until stopped.</summary>
    public bool Once { get; init; }

    /// <summary>Colour is wanted: the output is a terminal that shows it. A non-empty <c>NO_COLOR</c> in the environment overrules it.</summary>
    public bool Color { get; init; }

    /// <summary>Where the log goes. The tour's own words go to its output, not here.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock of all limits and speeds.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Bytes that each transfer carries; at least 1.</summary>
    public int FileSize { get; init; } = 8 * 1024 * 1024;
}
