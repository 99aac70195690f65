namespace Culvert.Cli.Running;

/// <summary>A file that holds the number of this process while it runs.</summary>
internal sealed class ProcessIdFile : IDisposable
{
    private readonly string _path;

    private ProcessIdFile(string path) => _path = path;

    /// <summary>Writes it; null: none is wanted.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static ProcessIdFile? Write(string? path)
    {
        if (path is null)
            return null;
        File.WriteAllText(path, FormattableString.Invariant($"{Environment.ProcessId}\n"));
        return new ProcessIdFile(path);
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_path);
}
