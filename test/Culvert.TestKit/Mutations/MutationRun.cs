using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Culvert.TestKit.Mutations;

/// <summary>What became of one mutation.</summary>
/// <param name="Mutation">Which.</param>
/// <param name="Failed">The tests that failed, of those that had to.</param>
/// <param name="Problem">Why nothing can be said: it doesn't compile, for one. Null otherwise.</param>
public sealed record MutationResult(Mutation Mutation, IReadOnlyList<string> Failed, string? Problem)
{
    /// <summary>Every test that had to fail did.</summary>
    public bool IsFound => Problem is null && Failed.Count == Mutation.Tests.Length;
}

/// <summary>Applies mutations, one at a time, to a copy of the tree: builds the one project, and runs the tests that must fail.</summary>
public sealed partial class MutationRun : IDisposable
{
    /// <summary>The tests of one mutation take seconds. A mutant that makes them hang is found, too.</summary>
    private static readonly TimeSpan TestLimit = TimeSpan.FromMinutes(3);

    private static readonly string[] Skipped = ["bin", "obj", "artifacts", "out", ".git", "docs", "bench"];
    private static readonly string[] BuildOptions = ["-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", "-clp:NoSummary", "-v", "q"];

    private readonly string _root = Directory.CreateTempSubdirectory("culvert-mutations-").FullName;

    private string Tests => Path.Combine(_root, "test", "Culvert.Tests", "bin", "Debug", "net10.0");

    /// <summary>Copies the tree and builds it.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        Copy(new DirectoryInfo(Repository.Root), _root);
        var (code, output) = await RunAsync("dotnet", ["build", "test/Culvert.Tests", .. BuildOptions], null, cancellationToken);
        if (code != 0)
            throw new InvalidOperationException($"the copy does not build:\n{output}");
    }

    /// <summary>Tries one mutation; the copy is afterwards what it was.</summary>
    public async Task<MutationResult> TryAsync(Mutation mutation, CancellationToken cancellationToken)
    {
        var file = Path.Combine(_root, mutation.File);
        var library = Path.Combine(Tests, mutation.Project + ".dll");
        var (source, built) = (await File.ReadAllTextAsync(file, cancellationToken), await File.ReadAllBytesAsync(library, cancellationToken));
        try
        {
            await File.WriteAllTextAsync(file, source.Replace(mutation.Text, mutation.Mutant, StringComparison.Ordinal), cancellationToken);
            var (code, output) = await RunAsync("dotnet", ["build", $"src/{mutation.Project}", "--no-restore", "--no-dependencies", .. BuildOptions], null, cancellationToken);
            if (code != 0)
                return new(mutation, [], $"the mutant does not compile: {output}");
            File.Copy(Path.Combine(_root, "src", mutation.Project, "bin", "Debug", "net10.0", mutation.Project + ".dll"), library, overwrite: true);
            (code, output) = await RunAsync(Path.Combine(Tests, "Culvert.Tests"),
                ["-noColor", "-noLogo", .. mutation.Tests.SelectMany(test => new[] { "-method", $"Culvert.Tests.{test}" })], TestLimit, cancellationToken);
            var failed = FailedTest.Matches(output).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
            return new(mutation, code == Hung ? mutation.Tests : [.. mutation.Tests.Where(failed.Contains)], null);
        }
        finally
        {
            await File.WriteAllTextAsync(file, source, CancellationToken.None);
            await File.WriteAllBytesAsync(library, built, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_root, recursive: true);

    private const int Hung = -1;

    // "    Culvert.Tests.Ftp.FtpPolicyTests.APortAddressIsTheClientsOwn(address: "10.0.0.9", …) [FAIL]"
    [GeneratedRegex(@"^ +Culvert\.Tests\.([\w.]+).*\[FAIL\]", RegexOptions.Multiline)]
    private static partial Regex FailedTest { get; }

    private async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments, TimeSpan? limit, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = new(program, arguments) { WorkingDirectory = _root, RedirectStandardOutput = true, RedirectStandardError = true } };
        process.StartInfo.Environment["CULVERT_LONG"] = "";
        process.StartInfo.Environment["TMPDIR"] = Directory.CreateDirectory(Path.Combine(_root, "tmp")).FullName; // what builds leave goes with the copy
        process.Start();
        var output = new StringBuilder();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (limit is { } time)
            end.CancelAfter(time);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(end.Token);
            output.Append(await process.StandardOutput.ReadToEndAsync(end.Token));
            output.Append(await errors);
            await process.WaitForExitAsync(end.Token);
            return (process.ExitCode, output.ToString());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            return (Hung, output.ToString());
        }
    }

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in from.EnumerateFiles())
            file.CopyTo(Path.Combine(to, file.Name));
        foreach (var folder in from.EnumerateDirectories().Where(folder => !Skipped.Contains(folder.Name)))
            Copy(folder, Path.Combine(to, folder.Name));
    }
}
