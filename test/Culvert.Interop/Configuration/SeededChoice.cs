namespace Culvert.Interop.Configuration;

/// <summary>Choices that a seed decides: the same seed, the same choices (xorshift64*, Vigna 2016).</summary>
internal sealed class SeededChoice(ulong seed)
{
    private ulong _state = seed * 0x9E3779B97F4A7C15 | 1;

    /// <summary>From 0 to below the bound.</summary>
    public int Below(int bound)
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (int)((_state * 0x2545F4914F6CDD1D >> 33) % (ulong)bound);
    }

    /// <summary>Once in so many times.</summary>
    public bool OnceIn(int times) => Below(times) == 0;

    public T Of<T>(IReadOnlyList<T> values) => values[Below(values.Count)];
}
