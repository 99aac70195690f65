namespace Culvert.Interop.Processes;

/// <summary>A folder of a test's own that other users may enter, removed at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const UnixFileMode Enterable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const UnixFileMode Writable = Enterable | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public TemporaryFolder()
    {
        FullName = Directory.CreateTempSubdirectory("culvert-interop-").FullName;
        File.SetUnixFileMode(FullName, Enterable);
    }

    public string FullName { get; }

    public string this[string name] => Path.Combine(FullName, name);

    /// <summary>Makes a folder that every user may read, or also write.</summary>
    public string MakeFolder(string name, bool writable = false)
    {
        var folder = Directory.CreateDirectory(this[name]).FullName;
        File.SetUnixFileMode(folder, writable ? Writable : Enterable);
        return folder;
    }

    public string Write(string name, string text, bool secret = false)
    {
        File.WriteAllText(this[name], text);
        if (secret)
        {
            File.SetUnixFileMode(this[name], OwnersOnly);
        }

        return this[name];
    }

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
