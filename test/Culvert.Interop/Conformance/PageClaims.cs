namespace Culvert.Interop.Conformance;

/// <summary>What the tables of a page claim, to be compared with what was proved. A page that claims what nobody proved lies, and one that leaves out a row
/// that must be there hides something. One that leaves out a proof only says less: a new test need not write it anew.</summary>
internal sealed class PageClaims
{
    private readonly Dictionary<(string Title, string Row, string Column), HashSet<string>> _cells = [];
    private readonly HashSet<string> _prose = [];

    /// <summary>Reads the tables of a page: those that stand below a heading of the second order.</summary>
    public PageClaims(string page)
    {
        var (title, columns) = ("", Array.Empty<string>());
        foreach (var line in page.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                (title, columns) = (line, []);
            }

            if (!line.StartsWith('|'))
            {
                _prose.Add(line);
                continue;
            }

            // A bar inside a cell has a backslash before it.
            var cells = line.Replace("\\|", "\0", StringComparison.Ordinal).Trim('|').Split('|', StringSplitOptions.TrimEntries);
            if (columns.Length == 0)
            {
                columns = cells;
            }
            else if (cells[0] is not ['-', '-', '-', ..])
            {
                foreach (var (column, cell) in columns.Zip(cells).Skip(1))
                {
                    _cells.TryAdd((title, cells[0], column), []);
                    _cells[(title, cells[0], column)].UnionWith(cell.Split(", ", StringSplitOptions.RemoveEmptyEntries));
                }
            }
        }
    }

    /// <summary>Where this page is not what was proved.</summary>
    /// <param name="proved">All that was proved.</param>
    /// <param name="mayLack">Headings of the tables whose rows need not all be there.</param>
    public IReadOnlyList<string> DifferencesFrom(PageClaims proved, IReadOnlySet<string> mayLack) =>
    [
        .. _prose.Except(proved._prose).Select(line => "not said any more: " + line),
        .. proved._prose.Except(_prose).Select(line => "not on the page: " + line),
        .. _cells.Where(cell => !cell.Value.IsSubsetOf(proved.Of(cell.Key))).Select(cell => $"not proved: {Shown(cell.Key)}: {string.Join(", ", cell.Value.Except(proved.Of(cell.Key)))}"),
        .. proved._cells.Where(cell => cell.Value.Count > 0 && Of(cell.Key).Count == 0 && !(mayLack.Contains(cell.Key.Title) && !HasRow(cell.Key)))
            .Select(cell => $"nothing on the page: {Shown(cell.Key)}: {string.Join(", ", cell.Value)}"),
    ];

    private HashSet<string> Of((string Title, string Row, string Column) cell) => _cells.GetValueOrDefault(cell) ?? [];

    private bool HasRow((string Title, string Row, string Column) cell) => _cells.Keys.Any(key => key.Title == cell.Title && key.Row == cell.Row);

    private static string Shown((string Title, string Row, string Column) cell) => $"{cell.Title.TrimStart('#', ' ')}, {cell.Row}, {cell.Column}".Replace("\0", "|", StringComparison.Ordinal);
}
