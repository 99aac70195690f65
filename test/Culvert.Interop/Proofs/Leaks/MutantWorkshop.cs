using Culvert.Interop.Processes;

namespace Culvert.Interop.Proofs.Leaks;

/// <summary>Builds Culvert with a defect: its own source, one text in it replaced by another, and nothing left behind afterwards.</summary>
internal sealed class MutantWorkshop : IDisposable
{
    private const string Project = "Culvert.Ftp";

    private static readonly string[] Sources = [Project, "Culvert.Net"];
    private static readonly string[] Rules = ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "BannedSymbols.txt"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly TemporaryFolder _folder = new();

    public MutantWorkshop()
    {
        foreach (var rule in Rules)
        {
            File.Copy(Path.Combine(Peers.Repository, rule), _folder[rule]);
        }

        foreach (var file in Sources.SelectMany(FilesOf))
        {
            var copy = _folder[Path.GetRelativePath(Peers.Repository, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>The program with the defect; the managed build that lies beside the tests is the rest of it.</summary>
    /// <exception cref="InvalidOperationException">The text to be replaced doesn't stand there exactly once, or what came of it doesn't compile.</exception>
    public async Task<string> BuildAsync(string name, string file, string original, string defect, CancellationToken cancellation)
    {
        var path = _folder[Path.Combine("src", Project, file)];
        var source = await File.ReadAllTextAsync(path, cancellation);
        if (source.Split(original).Length != 2)
        {
            throw new InvalidOperationException($"{file} does not hold exactly once what '{name}' replaces: {original}");
        }

        try
        {
            await File.WriteAllTextAsync(path, source.Replace(original, defect, StringComparison.Ordinal), cancellation);
            var build = new CommandLine(
                "dotnet", "build", _folder[Path.Combine("src", Project)], "-v", "q", "-nodeReuse:false", "-p:RunAnalyzers=false",
                "-p:UseSharedCompilation=false", "-p:NuGetAudit=false")
            {
                // What the build leaves there goes with the folder.
                Environment = new Dictionary<string, string> { ["TMPDIR"] = Directory.CreateDirectory(_folder["tmp"]).FullName },
            };
            (await Command.RunAsync(build, cancellation, patience: Patience)).OrThrow();
        }
        finally
        {
            await File.WriteAllTextAsync(path, source, CancellationToken.None);
        }

        var program = Directory.CreateDirectory(_folder[Path.Combine("programs", name)]).FullName;
        foreach (var part in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Concat(Directory.EnumerateFiles(AppContext.BaseDirectory, "culvert*")))
        {
            File.Copy(part, Path.Combine(program, Path.GetFileName(part)), overwrite: true);
        }

        File.Copy(_folder[Path.Combine("src", Project, "bin", "Debug", "net10.0", Project + ".dll")], Path.Combine(program, Project + ".dll"), overwrite: true);
        return Path.Combine(program, "culvert");
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<string> FilesOf(string project)
    {
        var folder = Path.Combine(Peers.Repository, "src", project);
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetRelativePath(folder, file).Split('/')[0] is not ("bin" or "obj"));
    }
}
