using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>The page can't lie, and a new proof is no failure.</summary>
public sealed class PageClaimsTests
{
    private const string Proved = """
        ## Attacks

        Each attack.

        | Attack | Test |
        |---|---|
        | 1 Bounce | A.One, B.Two |
        | 2 Redirect \| SSRF | A.Three |

        ## Dialogue

        | What | Test |
        |---|---|
        | an abort | C.Four |
        """;

    private static IReadOnlyList<string> Differences(string committed) =>
        new PageClaims(committed).DifferencesFrom(new PageClaims(Proved), new HashSet<string> { "## Dialogue" });

    [Fact]
    public void The_same_page_has_no_difference() => Assert.Empty(Differences(Proved));

    [Fact]
    public void A_proof_that_the_page_does_not_have_yet_is_no_failure() => Assert.Empty(Differences(Proved.Replace("A.One, B.Two", "A.One", StringComparison.Ordinal)));

    [Fact]
    public void A_row_more_in_a_table_that_is_open_is_no_failure() => Assert.Empty(Differences(Proved.Replace("| an abort | C.Four |", "", StringComparison.Ordinal)));

    [Theory]
    [InlineData("B.Two", "B.Two, B.Never", "not proved: Attacks, 1 Bounce, Test: B.Never")]
    [InlineData("C.Four", "C.Five", "not proved: Dialogue, an abort, Test: C.Five")]
    [InlineData("A.Three |", "A.Three |\n| 3 Unheard of | A.Six |", "not proved: Attacks, 3 Unheard of, Test: A.Six")]
    [InlineData("A.One, B.Two", "", "nothing on the page: Attacks, 1 Bounce, Test: A.One, B.Two")]
    [InlineData("| 2 Redirect \\| SSRF | A.Three |", "", "nothing on the page: Attacks, 2 Redirect | SSRF, Test: A.Three")]
    [InlineData("Each attack.", "Every attack there is.", "not said any more: Every attack there is.")]
    public void A_lie_is_named(string proved, string claimed, string expected) => Assert.Contains(expected, Differences(Proved.Replace(proved, claimed, StringComparison.Ordinal)));

    [Fact]
    public void An_empty_page_lacks_everything() => Assert.Equal(5, Differences("").Count);
}
