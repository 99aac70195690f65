namespace Culvert.Interop.Transport;

/// <summary>Combinations of one value of each dimension, such that any two values of two dimensions meet in one of them. What two parts do to each other
/// is then seen everywhere, with a few hundred runs instead of many thousands.</summary>
internal static class PairwiseCells
{
    /// <summary>The combinations, in an order that depends on nothing but the sizes.</summary>
    /// <param name="sizes">How many values each dimension has.</param>
    public static IReadOnlyList<int[]> Of(params int[] sizes)
    {
        var missing = Pairs(sizes).ToHashSet();
        var cells = new List<int[]>();
        while (missing.Count > 0)
        {
            // Starts from a pair that is missing and gives each other dimension the value that finds most of what is missing.
            var (a, i, b, j) = missing.Min();
            var cell = Enumerable.Repeat(-1, sizes.Length).ToArray();
            (cell[a], cell[b]) = (i, j);
            for (var dimension = 0; dimension < sizes.Length; dimension++)
            {
                if (cell[dimension] < 0)
                {
                    cell[dimension] = Enumerable.Range(0, sizes[dimension]).MaxBy(value => Enumerable.Range(0, sizes.Length)
                        .Count(other => cell[other] >= 0 && missing.Contains(Pair(dimension, value, other, cell[other]))));
                }
            }

            missing.ExceptWith(PairsIn(cell));
            cells.Add(cell);
        }

        return cells;
    }

    /// <summary>The pairs that no cell has. Counted from the cells that ran, not from those that were planned.</summary>
    public static IReadOnlyList<(int, int, int, int)> Missing(int[] sizes, IEnumerable<int[]> cells) => [.. Pairs(sizes).Except(cells.SelectMany(PairsIn))];

    private static IEnumerable<(int, int, int, int)> Pairs(int[] sizes) =>
        from a in Enumerable.Range(0, sizes.Length)
        from b in Enumerable.Range(a + 1, sizes.Length - a - 1)
        from i in Enumerable.Range(0, sizes[a])
        from j in Enumerable.Range(0, sizes[b])
        select (a, i, b, j);

    private static IEnumerable<(int, int, int, int)> PairsIn(int[] cell) =>
        from a in Enumerable.Range(0, cell.Length)
        from b in Enumerable.Range(a + 1, cell.Length - a - 1)
        select (a, cell[a], b, cell[b]);

    private static (int, int, int, int) Pair(int a, int i, int b, int j) => a < b ? (a, i, b, j) : (b, j, a, i);
}
