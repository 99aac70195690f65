using Culvert.Broker.Runtime;

namespace Culvert.Broker.Service;

/// <summary>A file that holds the number of this process while it runs.</summary>
internal sealed class ProcessIdFile : IDisposable
{
    private readonly string _path;

    private ProcessIdFile(string path) => _path = path;

    /// <summary>Writes it; null: none is wanted.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public static ProcessIdFile? Write(string? path)
    {
        if (path is null)
            return null;
        try
        {
            File.WriteAllText(path, FormattableString.Invariant($"{Environment.ProcessId}\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: {FileCause.Of(e)}", e);
        }
        return new ProcessIdFile(path);
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_path);
}
