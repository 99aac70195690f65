using System.Security.Cryptography;

namespace Culvert.Broker.Runtime;

/// <summary>Chance for waits.</summary>
internal static class Chance
{
    private const int Steps = 1 << 20;

    /// <summary>From 0 up to, but not including, 1.</summary>
    public static double Next() => RandomNumberGenerator.GetInt32(Steps) / (double)Steps;
}
