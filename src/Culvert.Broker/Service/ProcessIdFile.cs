using Culvert.Broker.Runtime;

namespace Culvert.Broker.Service;

/// <summary>A file that holds the number of this process while it runs.</summary>
internal sealed class ProcessIdFile : IDisposable
{
    private readonly string _path;
    private readonly Action<string> _complain;

    private ProcessIdFile(string path, Action<string> complain) => (_path, _complain) = (path, complain);

    /// <summary>Writes it.</summary>
    /// <param name="path">Where; null: none is wanted.</param>
    /// <param name="complain">Told when it can't be removed at the end.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    public static ProcessIdFile? Write(string? path, Action<string> complain)
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
        return new ProcessIdFile(path, complain);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _complain($"{_path} can't be removed: {FileCause.Of(e)}");
        }
    }
}
