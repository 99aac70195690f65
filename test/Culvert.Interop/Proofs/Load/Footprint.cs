using System.Globalization;
using Culvert.Interop.Processes;

namespace Culvert.Interop.Proofs.Load;

/// <summary>What a process holds: descriptors, listening ports, and memory that is its own or its part of what is shared (PSS), in KiB.</summary>
internal sealed record Footprint(int Descriptors, IReadOnlySet<int> Ports, long Memory)
{
    /// <summary>For the program that is looked at: garbage is collected often, so that what is in use is what is held (4 MiB, in hexadecimal).</summary>
    public static readonly IReadOnlyDictionary<string, string> Tidy = new Dictionary<string, string> { ["DOTNET_GCgen0size"] = "400000" };

    /// <summary>Memory that comes and goes with the garbage collector's mood and not with the number of transfers, in KiB.</summary>
    private const long Slack = 24 * 1024;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than peers that don't close are waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Footprint Of(int process) =>
        new(ProcessTable.DescriptorsOf(process), ProcessTable.ListeningPortsOf(process), MemoryOf(process));

    /// <summary>What remains when the sessions have gone: once the number of descriptors stands still, and nothing is held that wasn't before, or after a while
    /// regardless.</summary>
    public static async Task<Footprint> SettledAsync(int process, Footprint? before, CancellationToken cancellation)
    {
        const int LooksInARow = 5;
        var began = TimeProvider.System.GetTimestamp();
        var (last, looks) = (Of(process), 0);
        while (looks < LooksInARow && TimeProvider.System.GetElapsedTime(began) < Patience)
        {
            await Task.Delay(Between, TimeProvider.System, cancellation);
            var now = Of(process);
            looks = now.Descriptors == last.Descriptors && (before is null || now.IsNoMoreThan(before)) ? looks + 1 : 0;
            last = now;
        }

        return last;
    }

    /// <summary>Whether all that was taken since then has been given back.</summary>
    public bool IsNoMoreThan(Footprint before) =>
        Descriptors <= before.Descriptors && Memory <= before.Memory + Slack && !Ports.Except(before.Ports).Any();

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
