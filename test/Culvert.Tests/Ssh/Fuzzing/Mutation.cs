using CsCheck;

namespace Culvert.Tests.Ssh.Fuzzing;

/// <summary>Damage to what was sound: bytes turned, cut out, doubled, put in, or the rest cut off. From sound input it gets deeper into a reader than noise would.</summary>
internal static class Mutation
{
    private const int MostAtOnce = 6;

    /// <summary>Inputs of one property; a run with <c>CULVERT_LONG=1</c> has a hundred times as many.</summary>
    public const int Inputs = 3000;

    /// <summary>How many inputs this run has for a property that has so many in the short form.</summary>
    public static long Times(int inputs = Inputs) => Environment.GetEnvironmentVariable("CULVERT_LONG") == "1" ? inputs * 100L : inputs;

    /// <summary>One of the seeds, damaged a few times or not at all; now and then noise.</summary>
    public static Gen<byte[]> Of(IReadOnlyList<byte[]> seeds) => Gen.Frequency(
        (9, Gen.Select(Gen.Int[0, seeds.Count - 1], Damages, (seed, damages) => damages.Aggregate(seeds[seed], (bytes, damage) => damage.Apply(bytes)))),
        (1, Gen.Byte.Array[0, 300]));

    private static Gen<Damage[]> Damages { get; } =
        Gen.Select(Gen.Int[0, 4], Gen.Double[0, 1], Gen.Byte, Gen.Int[1, 16], (kind, at, value, length) => new Damage(kind, at, value, length)).Array[0, MostAtOnce];

    private sealed record Damage(int Kind, double At, byte Value, int Length)
    {
        public byte[] Apply(byte[] bytes)
        {
            var at = (int)(At * bytes.Length);
            if (at >= bytes.Length)
                return [.. bytes, Value];
            var end = Math.Min(bytes.Length, at + Length);
            return Kind switch
            {
                0 => [.. bytes[..at], Value, .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], .. bytes[end..]],
                2 => [.. bytes[..end], .. bytes[at..]],
                3 => [.. bytes[..at], Value, .. bytes[at..]],
                _ => bytes[..at],
            };
        }
    }
}
