using System.Globalization;
using System.IO.Enumeration;
using System.Text;

namespace Culvert.Demo.FtpServer;

/// <summary>Folders and files as text: LIST in the form of <c>ls -l</c> (what clients parse), NLST names, MLSD/MLST facts (RFC 3659 §7).</summary>
internal static class Listing
{
    /// <summary>The facts of MLST that are known here, in the order they are sent.</summary>
    public static readonly string[] Facts = ["type", "size", "modify", "perm"];

    /// <summary>After this long <c>ls</c> shows the year instead of the time.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromDays(180);

    /// <summary>What LIST and NLST name: a folder's content, one file, or the content that matches a pattern in the last component (what
    /// <c>mget</c> of older clients sends). Links are left out. Null when there's no such thing.</summary>
    public static IReadOnlyList<FileSystemInfo>? Find(RootedFolder folder, string path)
    {
        if (folder.LocateFolder(path) is { } place) return Content(place, "*");
        if (folder.LocateFile(path) is { } file) return [new FileInfo(file)];
        int slash = path.LastIndexOf('/');
        string pattern = path[(slash + 1)..];
        return pattern.AsSpan().ContainsAny('*', '?') && folder.LocateFolder(RootedFolder.Combine("/", path[..slash])) is { } parent
            ? Content(parent, pattern)
            : null;
    }

    /// <summary>Lines of LIST.</summary>
    public static byte[] Long(IReadOnlyList<FileSystemInfo> entries, DateTimeOffset now) => Join(entries.Select(entry =>
    {
        var modified = entry.LastWriteTimeUtc;
        bool recent = modified <= now.UtcDateTime + TimeSpan.FromDays(1) && modified > now.UtcDateTime - Recent;
        string when = modified.ToString(recent ? "MMM dd HH:mm" : "MMM dd  yyyy", CultureInfo.InvariantCulture);
        string mode = entry is DirectoryInfo ? "drwx------" : "-rw-------";
        return string.Create(CultureInfo.InvariantCulture, $"{mode}   1 culvert  culvert  {Size(entry),12} {when} {Name(entry)}");
    }));

    /// <summary>Lines of NLST.</summary>
    /// <param name="entries">What to name.</param>
    /// <param name="prefix">What stood before the pattern in the command, so that the names can be used as they are.</param>
    public static byte[] Names(IReadOnlyList<FileSystemInfo> entries, string prefix) => Join(entries.Select(entry => prefix + Name(entry)));

    /// <summary>Lines of MLSD.</summary>
    public static byte[] Machine(IReadOnlyList<FileSystemInfo> entries, IReadOnlyCollection<string> facts) =>
        Join(entries.Select(entry => MachineLine(entry, Name(entry), facts)));

    /// <summary>One line of facts and a name.</summary>
    public static string MachineLine(FileSystemInfo entry, string name, IReadOnlyCollection<string> facts)
    {
        var line = new StringBuilder();
        foreach (string fact in facts)
        {
            string? value = fact switch
            {
                "type" => entry is DirectoryInfo ? "dir" : "file",
                "size" => entry is DirectoryInfo ? null : Size(entry).ToString(CultureInfo.InvariantCulture),
                "modify" => Modified(entry),
                "perm" => entry is DirectoryInfo ? "cdeflmp" : "adfrw",
                _ => null,
            };
            if (value is not null) line.Append(CultureInfo.InvariantCulture, $"{fact}={value};");
        }
        return line.Append(' ').Append(name).ToString();
    }

    /// <summary>A modification time as MDTM and MLST write it (RFC 3659 §2.3): UTC, whole seconds.</summary>
    public static string Modified(FileSystemInfo entry) => entry.LastWriteTimeUtc.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);

    private static IReadOnlyList<FileSystemInfo> Content(string place, string pattern) =>
        [.. new DirectoryInfo(place).EnumerateFileSystemInfos()
            .Where(entry => entry.LinkTarget is null && FileSystemName.MatchesSimpleExpression(pattern, entry.Name, ignoreCase: false))
            .OrderBy(entry => entry.Name, StringComparer.Ordinal)];

    private static long Size(FileSystemInfo entry) => entry is FileInfo file ? file.Length : 0;

    // A name with a line end in it (nobody can make one through FTP) must not become two lines.
    private static string Name(FileSystemInfo entry) => string.Concat(entry.Name.Select(c => char.IsControl(c) ? '?' : c));

    private static byte[] Join(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\r\n")));
}
