namespace Culvert.Interop.Proofs;

/// <summary>Choices of chance that are the same for the same seed, which every proof prints. Not thread-safe.</summary>
internal sealed class Choices(string name)
{
#pragma warning disable RS0030, CA5394 // the seed is printed, and nothing here is a secret
    private readonly Random _random = new(ProofRun.Seed ^ name.Aggregate(0, (hash, letter) => unchecked((hash * 31) + letter)));

    /// <summary>From 0 up to and without <paramref name="below"/>.</summary>
    public int Number(int below) => _random.Next(below);

    /// <summary>From 0 up to and without 1.</summary>
    public double Fraction() => _random.NextDouble();

    public bool Coin() => _random.Next(2) == 0;

    public T[] Shuffled<T>(IEnumerable<T> items)
    {
        T[] all = [.. items];
        _random.Shuffle(all);
        return all;
    }
#pragma warning restore RS0030, CA5394
}
