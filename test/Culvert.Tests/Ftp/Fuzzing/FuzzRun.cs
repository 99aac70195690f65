using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using CsCheck;
using Xunit;

namespace Culvert.Tests.Ftp.Fuzzing;

/// <summary>What a run of trials was.</summary>
internal sealed record FuzzReport(long Trials, ulong Seed, TimeSpan Duration, long PeakMegabytes);

/// <summary>Runs trials on all processors. The seed of a run decides all of them, whatever the number of processors; a trial that fails is told by
/// CsCheck, which makes it smaller and names the seed of that one.</summary>
internal static class FuzzRun
{
    /// <summary>Trials that a processor takes at a time; each such block has a random stream of its own.</summary>
    private const int Block = 500;

    /// <summary>Tries to make a failing trial smaller.</summary>
    private const int Shrinks = 100_000;

    /// <summary>The long form is wanted.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("CULVERT_LONG") == "1";

    /// <summary>The seed of this run: <c>CULVERT_SEED</c>, or another one each time.</summary>
    public static ulong Seed { get; } = ulong.TryParse(Environment.GetEnvironmentVariable("CULVERT_SEED"), CultureInfo.InvariantCulture, out var seed)
        ? seed
        : (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);

    public static FuzzReport Run(Gen<uint[]> trials, Action<uint[]> hold, long count)
    {
        TestContext.Current.SendDiagnosticMessage("{0}: {1} trials, CULVERT_SEED={2}", TestContext.Current.Test?.TestDisplayName ?? "fuzzing", count, Seed);
        var clock = Stopwatch.StartNew();
        string? failed = null;
        Parallel.For(0, (count + Block - 1) / Block, (block, state) =>
        {
            var random = new PCG((uint)block, Seed);
            for (var i = 0; i < Block && !state.IsStopped; i++)
            {
                var before = random.ToString();
                var trial = trials.Generate(random, null, out _);
                try
                {
                    hold(trial);
                }
                catch (Exception)
                {
                    failed = before;
                    state.Stop();
                }
            }
        });
        if (failed is not null)
        {
            trials.Sample(hold, seed: failed, iter: Shrinks, print: _ => $"CULVERT_SEED={Seed}");
            Assert.Fail($"a trial failed and passed when it was repeated: CsCheck_Seed={failed}, CULVERT_SEED={Seed}");
        }
        using var process = Process.GetCurrentProcess();
        return new(count, Seed, clock.Elapsed, process.PeakWorkingSet64 >> 20);
    }
}
