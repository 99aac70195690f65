using System.Globalization;
using System.Security.Cryptography;
using Xunit;

namespace Culvert.Interop.Proofs;

/// <summary>How a proof runs: shortened, as part of every test run, or in full.</summary>
internal static class ProofRun
{
    private const string SeedVariable = "CULVERT_SEED";

    /// <summary>What all random choices follow from. A new one for each run, unless <c>CULVERT_SEED</c> names one.</summary>
    public static int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var given)
        ? given
        : RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>The number of repetitions.</summary>
    public static int Count(int shortened, int full) => InteropConfiguration.IsLong ? full : shortened;

    /// <summary>The command that does the same again.</summary>
    public static string CommandFor(string filter) => string.Create(
        CultureInfo.InvariantCulture, $"{SeedVariable}={Seed} ./test.sh {(InteropConfiguration.IsLong ? "--long " : "")}{filter}");

    /// <summary>Says something in the test's own output.</summary>
    public static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
