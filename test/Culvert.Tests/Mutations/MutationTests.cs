using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Culvert.TestKit;
using Culvert.TestKit.Mutations;
using Xunit;

namespace Culvert.Tests.Mutations;

/// <summary>Every defence has a test that fails without it. That the list is in step with the tree is seen each time; that the tests fail, under
/// <c>--long</c>, which writes <c>docs/proof/mutations.md</c>. <c>CULVERT_MUTATIONS=a|b</c> tries only those whose description holds one of these, and writes nothing.</summary>
public sealed class MutationTests
{
    private static IReadOnlyList<Mutation> All => [.. FtpMutations.All, .. SshMutations.All, .. ForwardMutations.All];

    [Fact]
    public void EachCheckStandsOnceWhereTheListSays()
    {
        var lost = All.Where(mutation => Count(File.ReadAllText(Path.Combine(Repository.Root, mutation.File)), mutation.Text) != 1);
        Assert.True(!lost.Any(), string.Join("\n", lost.Select(mutation => $"{mutation.File}: {mutation.Defence}: {mutation.Text}")));
    }

    [Fact]
    public void EachTestInTheListExists()
    {
        var tests = typeof(MutationTests).Assembly.GetTypes().SelectMany(type => type.GetMethods().Select(method => $"{type.FullName}.{method.Name}")).ToHashSet(StringComparer.Ordinal);
        Assert.DoesNotContain(All.SelectMany(mutation => mutation.Tests), test => !tests.Contains($"Culvert.Tests.{test}"));
        Assert.DoesNotContain(All, mutation => mutation.Tests.Length == 0);
    }

    [Fact]
    public async Task EachDefenceHasATestThatFailsWithoutIt()
    {
        if (Environment.GetEnvironmentVariable("CULVERT_LONG") != "1")
            Assert.Skip("takes half an hour: ./test.sh --long");
        var cancellation = TestContext.Current.CancellationToken;
        var started = TimeProvider.System.GetTimestamp();
        using var run = new MutationRun();
        await run.PrepareAsync(cancellation);
        var results = new List<MutationResult>();
        var wanted = Environment.GetEnvironmentVariable("CULVERT_MUTATIONS")?.Split('|') ?? [];
        foreach (var mutation in All.Where(mutation => wanted.Length == 0 || wanted.Any(mutation.Defence.Contains)))
        {
            results.Add(await run.TryAsync(mutation, cancellation));
            TestContext.Current.SendDiagnosticMessage("{0}: {1}", mutation.Defence, results[^1].IsFound ? "found" : results[^1].Problem ?? "SURVIVED");
        }
        if (wanted.Length == 0)
            await WritePageAsync(results, TimeProvider.System.GetElapsedTime(started), cancellation);
        Assert.Empty(results.Where(result => !result.IsFound).Select(result => $"{result.Mutation.Defence}: {result.Problem ?? "survived"}"));
    }

    private static async Task WritePageAsync(List<MutationResult> results, TimeSpan duration, CancellationToken cancellationToken)
    {
        var page = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            # Mutations

            Written by the test `MutationTests` on {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, on {RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture}), {Environment.ProcessorCount} processors; the same again: `./test.sh --long MutationTests`.
            {results.Count} defences were switched off, one at a time, by removing the one check; {results.Count(result => result.IsFound)} of them were missed by every test named, in {duration.TotalMinutes:N0} minutes.

            | defence | where | without it, this fails | |
            |---|---|---|---|

            """));
        foreach (var result in results)
            page.Append(CultureInfo.InvariantCulture, $"| {result.Mutation.Defence} | {Path.GetFileName(result.Mutation.File)} | {string.Join(", ", result.Mutation.Tests)} | {(result.IsFound ? "seen" : "**not seen**")} |\n");
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "docs", "proof"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "mutations.md"), page.ToString(), cancellationToken);
    }

    private static int Count(string text, string part)
    {
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal))
            count++;
        return count;
    }
}
