using System.Globalization;
using System.Runtime.InteropServices;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;

namespace Culvert.Interop.Proofs;

/// <summary>What a figure depends on, for the pages that hold figures.</summary>
internal static class Machine
{
    /// <summary>One line each: system, processor, memory, and the build of Culvert that was looked at.</summary>
    public static async Task<IReadOnlyList<string>> DescribeAsync(CancellationToken cancellation) =>
    [
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}",
        string.Create(CultureInfo.InvariantCulture, $"{Field("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} logical processors, {Memory()} GB of memory"),
        await BuildAsync(cancellation),
    ];

    private static async Task<string> BuildAsync(CancellationToken cancellation)
    {
        var build = File.Exists(CulvertProcess.Program + ".dll") ? $"the managed build on {RuntimeInformation.FrameworkDescription}" : "the native binary";
        var commit = await Command.RunAsync(new CommandLine("git", "-C", Peers.Repository, "describe", "--always", "--dirty"), cancellation);
        return $"Culvert: {build}, commit {(commit.Succeeded ? commit.Output.Trim() : "unknown")}";
    }

    private static long Memory() => long.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / 1_000_000;

    private static string Field(string file, string name) => File.ReadLines(file)
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
        .FirstOrDefault() ?? "unknown";
}
