using Culvert.Interop.Processes;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>Runs when all other tests have, alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LastTests
{
    public const string Name = "last";
}

/// <summary>The page claims nothing that wasn't proved, and leaves out no row.</summary>
[Collection(LastTests.Name)]
public sealed class ConformancePageTests
{
    [Fact]
    public async Task Page_says_what_the_tests_have_proved()
    {
        if (ProofLog.Folder is null)
        {
            Assert.Skip("the page is about whole runs of ./test.sh");
        }

        Peers.RequireRoot("without it some servers don't run, and their rows are not proved");
        var (rows, gaps) = ConformancePage.Render(ProofLog.Read());
        Assert.Empty(gaps);
        if (InteropConfiguration.IsLong || Environment.GetEnvironmentVariable("CULVERT_PROOF") == "1")
        {
            await ConformancePage.WriteAsync(rows, TestContext.Current.CancellationToken);
        }

        var differences = new PageClaims(ConformancePage.Committed()).DifferencesFrom(new PageClaims(rows), ConformancePage.OpenTables);
        Assert.True(differences.Count == 0, $"docs/proof/ftp-conformance.md is not what was proved now (CULVERT_PROOF=1 ./test.sh writes it):\n{string.Join('\n', differences)}");
    }

    /// <summary>The page's own test can fail: a row that no test proved, and a proof of a row that isn't there.</summary>
    [Fact]
    public void Gap_is_named()
    {
        var (_, gaps) = ConformancePage.Render([new(ProofTables.Attacks, Attack.Bounce, ProofTables.Test, "some test"), new(ProofTables.Attacks, "99 unheard of", ProofTables.Test, "a test")]);
        Assert.DoesNotContain(gaps, gap => gap.Contains(Attack.Bounce, StringComparison.Ordinal));
        Assert.Contains(gaps, gap => gap.Contains(Attack.Redirect, StringComparison.Ordinal));
        Assert.Contains(gaps, gap => gap.Contains("99 unheard of", StringComparison.Ordinal));
    }
}
