namespace Culvert.TestKit.Proof;

/// <summary>Keeps what tests have shown, cell by cell, for the pages in <c>docs/proof</c>, which tests write and nobody else. Two test programs run one
/// after the other, so the cells go to files: one for each program, in the folder that <c>CULVERT_PROOF_CELLS</c> names. Without it nothing is kept.</summary>
/// <remarks>Thread-safe.</remarks>
public static class ProofLog
{
    private static readonly Lock Gate = new();

    /// <summary>The folder with the cells of this run; null when nobody asked for them.</summary>
    public static string? Folder { get; } = Environment.GetEnvironmentVariable("CULVERT_PROOF_CELLS") is { Length: > 0 } folder ? folder : null;

    /// <summary>A test has shown this. Said after its last assertion; the same said twice counts once.</summary>
    /// <param name="table">The table of the page.</param>
    /// <param name="row">Its row, as it stands in the first column.</param>
    /// <param name="column">The heading of its column.</param>
    /// <param name="value">What was shown.</param>
    public static void Add(string table, string row, string column, string value)
    {
        if (Folder is null)
            return;
        var line = string.Join('\t', new[] { table, row, column, value }.Select(Cell.Escape)) + "\n";
        lock (Gate)
        {
            Directory.CreateDirectory(Folder);
            File.AppendAllText(Path.Combine(Folder, $"{AppDomain.CurrentDomain.FriendlyName}.tsv"), line);
        }
    }

    /// <summary>All that was shown in this run, by both programs.</summary>
    public static IReadOnlyList<Cell> Read() => Folder is null || !Directory.Exists(Folder)
        ? []
        : [.. Directory.EnumerateFiles(Folder, "*.tsv").SelectMany(File.ReadLines).Distinct().Select(Cell.Parse)];
}

/// <summary>One thing that was shown.</summary>
/// <param name="Table">The table.</param>
/// <param name="Row">The row.</param>
/// <param name="Column">The column.</param>
/// <param name="Value">What.</param>
public readonly record struct Cell(string Table, string Row, string Column, string Value)
{
    internal static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    internal static Cell Parse(string line)
    {
        var parts = line.Split('\t').Select(part => part.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal)
            .Replace("\\\\", "\\", StringComparison.Ordinal)).ToArray();
        return new(parts[0], parts[1], parts[2], parts[3]);
    }
}
