using System.Security.Cryptography;

namespace Culvert.Demo.Steps;

/// <summary>A folder for one run that only this user can enter, removed with all that is in it.</summary>
internal sealed class TemporaryFolder : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("culvert-demo-");

    /// <summary>Where it is.</summary>
    public string Path => _folder.FullName;

    /// <summary>Puts a file of random bytes into it.</summary>
    public Task WriteSampleAsync(string name, int size, CancellationToken cancellationToken) =>
        File.WriteAllBytesAsync(System.IO.Path.Combine(Path, name), RandomNumberGenerator.GetBytes(size), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        // A link that somebody put inside is removed, not followed.
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
