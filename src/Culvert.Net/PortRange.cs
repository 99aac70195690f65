using System.Globalization;

namespace Culvert.Net;

/// <summary>TCP ports from <paramref name="First"/> to <paramref name="Last"/>, both included; 1 ≤ first ≤ last ≤ 65535.</summary>
public readonly record struct PortRange(int First, int Last)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
