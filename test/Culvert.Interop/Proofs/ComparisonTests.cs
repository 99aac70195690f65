using Culvert.Interop.Processes;
using Xunit;

namespace Culvert.Interop.Proofs;

/// <summary>The comparison with other programs (<c>bench/compare</c>) calls a win or a loss only where its statistics allow it.</summary>
public sealed class ComparisonTests
{
    [Fact]
    public async Task Medians_intervals_and_verdicts_are_computed_as_the_comparison_says()
    {
        Peers.Require("python3");
        var script = Path.Combine(Peers.Repository, "bench", "compare", "run");
        var result = await Command.RunAsync(new CommandLine(script, "--self-test"), TestContext.Current.CancellationToken);
        result.OrThrow();
    }
}
