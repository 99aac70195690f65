namespace Culvert.Ssh.Keys;

/// <summary>SSH Tectia's list of keys to log in with: a line <c>IdKey name</c> each, in the order in which they're tried.</summary>
public static class IdentificationFile
{
    /// <summary>More is no list of keys.</summary>
    private const int MaximumLength = 64 * 1024;

    /// <summary>Reads the list.</summary>
    /// <param name="path">The file.</param>
    /// <param name="baseFolder">Where the names are looked for; null: beside the file.</param>
    /// <param name="show">Told of lines that say nothing here.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="KeyFileException">It can't be read.</exception>
    public static async ValueTask<IReadOnlyList<IdentityFile>> ReadAsync(string path, string? baseFolder, Action<string>? show, CancellationToken cancellationToken)
    {
        string text;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaximumLength })
                throw new KeyFileException($"Identification file {path}: it is too large to be a list of keys");
            text = await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException($"Identification file {path}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        return Parse(text, path, baseFolder ?? Path.GetDirectoryName(Path.GetFullPath(path))!, show);
    }

    internal static List<IdentityFile> Parse(string text, string path, string baseFolder, Action<string>? show)
    {
        var keys = new List<IdentityFile>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var words = line.Split([' ', '\t', '\r'], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length == 0 || words[0].StartsWith('#'))
                continue;
            if (words.Length == 2 && words[0].Equals("IdKey", StringComparison.OrdinalIgnoreCase))
                keys.Add(new IdentityFile(Path.Combine(baseFolder, words[1].Trim('"'))));
            else
                show?.Invoke(FormattableString.Invariant($"{path}:{number}: only IdKey means something here; the line is ignored"));
        }
        return keys;
    }
}
