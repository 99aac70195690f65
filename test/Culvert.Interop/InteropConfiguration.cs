using System.Runtime.Versioning;
using Xunit;

// The tests wait for other programs most of the time; more of them than processors may do so at once.
// The peers come from Debian packages, the hosts are network namespaces.
[assembly: SupportedOSPlatform("linux")]
[assembly: CollectionBehavior(MaxParallelThreads = 4)]

namespace Culvert.Interop;

/// <summary>How this run of the tests was asked for.</summary>
internal static class InteropConfiguration
{
    /// <summary>Whether the long forms run as well (<c>./test.sh --long</c>).</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("CULVERT_LONG") == "1";
}
