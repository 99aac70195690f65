using System.Globalization;
using Culvert.Broker.Config;

namespace Culvert.Cli.Arguments;

/// <summary>Tectia's debug levels, from 0 to 99, in our words. Pure.</summary>
internal static class TectiaLevel
{
    /// <summary>What a level means; of <c>module=level,…</c> the highest counts. Null: it's no level.</summary>
    public static Verbosity? Find(string value)
    {
        var levels = value.Split(',').Select(part => part[(part.LastIndexOf('=') + 1)..]).ToList();
        if (!levels.TrueForAll(level => int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 99))
            return null;
        return levels.Max(level => int.Parse(level, CultureInfo.InvariantCulture)) switch
        {
            0 => Verbosity.Info,
            < 4 => Verbosity.Debug1,
            < 7 => Verbosity.Debug2,
            _ => Verbosity.Debug3,
        };
    }
}
