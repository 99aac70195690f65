namespace Culvert.TestKit.Mutations;

/// <summary>A defence without its one check, and the tests that must notice.</summary>
/// <param name="Defence">What is lost, as a rule.</param>
/// <param name="File">Where the check stands, below the root of the tree.</param>
/// <param name="Text">The check; stands there exactly once.</param>
/// <param name="Mutant">What stands there instead.</param>
/// <param name="Tests">Class and method, below <c>Culvert.Tests</c>; each must fail.</param>
public sealed record Mutation(string Defence, string File, string Text, string Mutant, params string[] Tests)
{
    /// <summary>The project that is built anew.</summary>
    public string Project => File.Split('/')[1];
}
