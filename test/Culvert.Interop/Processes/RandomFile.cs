using System.Security.Cryptography;

namespace Culvert.Interop.Processes;

/// <summary>Writes files of fresh random bytes, so that nothing stale or guessed can be taken for them.</summary>
internal static class RandomFile
{
    private const int Chunk = 1 << 20;

    public static string Write(string path, int length)
    {
        var buffer = new byte[Math.Min(length, Chunk)];
        using var file = File.Create(path);
        for (var left = length; left > 0; left -= buffer.Length)
        {
            var part = buffer.AsSpan(0, Math.Min(left, buffer.Length));
            RandomNumberGenerator.Fill(part);
            file.Write(part);
        }

        return path;
    }
}
