using System.Globalization;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Proofs.Load;

/// <summary>What a process holds: descriptors, listening ports, and memory that is its own or its part of what is shared (PSS), in KiB.</summary>
internal sealed record Footprint(int Descriptors, IReadOnlySet<int> Ports, long Memory)
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than peers that don't close are waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Footprint Of(int process) =>
        new(ProcessTable.DescriptorsOf(process), ProcessTable.ListeningPortsOf(process), MemoryOf(process));

    /// <summary>What remains when the sessions have gone: as soon as there are no more descriptors than before, or after a while regardless.</summary>
    public static async Task<Footprint> SettledAsync(int process, int descriptors, CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (ProcessTable.DescriptorsOf(process) > descriptors && TimeProvider.System.GetElapsedTime(began) < Patience)
        {
            await Task.Delay(Between, TimeProvider.System, cancellation);
        }

        return Of(process);
    }

    /// <summary>The most memory that the process had in use (VmHWM), in KiB, since it started or since <see cref="ForgetPeak"/>.</summary>
    public static long PeakOf(int process) => Field($"/proc/{process}/status", "VmHWM:");

    /// <summary>proc(5), clear_refs: 5 sets the peak to what is in use now.</summary>
    public static void ForgetPeak(int process) => File.WriteAllText($"/proc/{process}/clear_refs", "5");

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Descriptors} descriptors, {Ports.Count} listening ports, {Memory / 1024.0:0.0} MiB");

    private static long MemoryOf(int process) => Field($"/proc/{process}/smaps_rollup", "Pss:");

    private static long Field(string file, string name) => long.Parse(
        File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(),
        CultureInfo.InvariantCulture);
}
