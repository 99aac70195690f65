namespace Culvert.Demo.FtpServer;

/// <summary>One folder of the disk as the whole tree of an FTP server. Paths of the dialogue are <i>virtual</i>: <c>/</c> is the folder.</summary>
/// <remarks>No way out: <c>..</c> ends at the root, every component is checked by name, and a symbolic link anywhere below the root is as good
/// as absent. No FTP command makes a link and the folder belongs to this user alone, so nothing changes between the check and the use.</remarks>
internal sealed class RootedFolder(string root)
{
    private static readonly char[] InvalidInName = [.. Path.GetInvalidFileNameChars(), '\0'];

    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    /// <summary>The virtual path that <paramref name="argument"/> names, seen from <paramref name="from"/>. Pure: nothing is looked up.</summary>
    public static string Combine(string from, string argument)
    {
        var parts = new List<string>();
        string whole = argument.StartsWith('/') ? argument : $"{from}/{argument}";
        foreach (string part in whole.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".") continue;
            if (part != "..") parts.Add(part);
            else if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
        }
        return "/" + string.Join('/', parts);
    }

    /// <summary>The place on the disk (which need not exist), or null when the path is no name here or leads through a link.</summary>
    /// <param name="path">A virtual path made by <see cref="Combine"/>.</param>
    public string? Locate(string path)
    {
        string place = _root;
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part is "." or ".." || part.IndexOfAny(InvalidInName) >= 0) return null;
            place = Path.Combine(place, part);
            if (new FileInfo(place).LinkTarget is not null) return null;
        }
        // Windows drops blanks and dots at the end of a name and gives some names ("NUL") a meaning: such names are none here.
        return Path.GetFullPath(place) == place ? place : null;
    }

    /// <summary>The place of a file that exists, or null.</summary>
    public string? LocateFile(string path) => Locate(path) is { } place && File.Exists(place) ? place : null;

    /// <summary>The place of a folder that exists, or null.</summary>
    public string? LocateFolder(string path) => Locate(path) is { } place && Directory.Exists(place) ? place : null;

    /// <summary>The place for a file that may be made or overwritten there, or null.</summary>
    public string? LocateTarget(string path) =>
        path != "/" && Locate(path) is { } place && !Directory.Exists(place) && Directory.Exists(Path.GetDirectoryName(place)) ? place : null;
}
