using Culvert.Broker.Runtime.Upkeep;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Trust;
using Microsoft.Extensions.Logging;

namespace Culvert.Broker.Runtime;

/// <summary>What a broker is given by whoever runs it.</summary>
public sealed record BrokerServices
{
    /// <summary>This machine's network.</summary>
    public required INetwork Here { get; init; }

    /// <summary>Hears what happens.</summary>
    public required IReporter Reporter { get; init; }

    /// <summary>Answers questions; null: nobody does.</summary>
    public Ask? Ask { get; init; }

    /// <summary>Told of each host key, and why it was refused (null: it was taken); null: nobody wants to know.</summary>
    public Action<HostKeyOffer, string?>? HostKeyDecided { get; init; }

    /// <summary>Where to log.</summary>
    public required ILoggerFactory LoggerFactory { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Keys in memory, offered before those of the configuration; null: none.</summary>
    internal KeyRing? Keys { get; init; }

    /// <summary>Gives back what sessions have left; null: nobody does.</summary>
    internal SpareMemory? Spare { get; init; }
}
