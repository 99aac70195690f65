using System.Globalization;

namespace Culvert.Demo.FtpServer;

/// <summary>The commands about names: where we are, and what is done to files and folders without a data connection.</summary>
internal sealed class FileCommands(RootedFolder folder)
{
    private static readonly Reply NotFound = new(550, "No such file or directory.");
    private static readonly Reply Refused = new(550, "Not possible.");

    private string? _renameFrom;

    /// <summary>The working directory, a virtual path.</summary>
    public string Directory { get; private set; } = "/";

    /// <summary>The facts that MLSD and MLST tell (OPTS MLST, RFC 3659 §7.9).</summary>
    public IReadOnlyCollection<string> Facts { get; private set; } = Listing.Facts;

    /// <summary>The virtual path of an argument.</summary>
    public string Resolve(string argument) => RootedFolder.Combine(Directory, argument);

    /// <summary>The reply to a command, or null if it isn't about names.</summary>
    public Reply? Execute(FtpCommand command)
    {
        string? source = _renameFrom;
        _renameFrom = null; // RFC 959 §4.1.3: RNTO follows RNFR at once
        try
        {
            return command.Verb switch
            {
                "PWD" or "XPWD" => new(257, $"{Quoted(Directory)} is the current directory."),
                "CWD" or "XCWD" => ChangeDirectory(Resolve(command.Argument)),
                "CDUP" or "XCUP" => ChangeDirectory(Resolve("..")),
                "DELE" => Delete(Resolve(command.Argument)),
                "MKD" or "XMKD" => MakeDirectory(Resolve(command.Argument)),
                "RMD" or "XRMD" => RemoveDirectory(Resolve(command.Argument)),
                "RNFR" => RenameFrom(Resolve(command.Argument)),
                "RNTO" => RenameTo(source, Resolve(command.Argument)),
                "MDTM" => folder.LocateFile(Resolve(command.Argument)) is { } place ? new(213, Listing.Modified(new FileInfo(place))) : NotFound,
                "MLST" => Describe(Resolve(command.Argument)),
                _ => null,
            };
        }
        catch (Exception disk) when (disk is IOException or UnauthorizedAccessException)
        {
            return Refused; // the system's text names the real folder, which is no business of the client
        }
    }

    /// <summary>SIZE (RFC 3659 §4): the number of bytes a transfer would carry, known only for TYPE I.</summary>
    public Reply Size(string argument, bool ascii) =>
        ascii ? new(550, "SIZE is known in TYPE I only.")
        : folder.LocateFile(Resolve(argument)) is { } place ? new(213, new FileInfo(place).Length.ToString(CultureInfo.InvariantCulture))
        : NotFound;

    /// <summary>OPTS MLST fact;fact; – those that are known are told from now on.</summary>
    public Reply SelectFacts(string list)
    {
        var wanted = list.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Facts = [.. Listing.Facts.Where(fact => wanted.Contains(fact, StringComparer.OrdinalIgnoreCase))];
        return new(200, "MLST OPTS " + string.Concat(Facts.Select(fact => fact + ";")));
    }

    private Reply ChangeDirectory(string path)
    {
        if (folder.LocateFolder(path) is null) return new(550, "No such directory.");
        Directory = path;
        return new(250, $"{Quoted(path)} is the current directory.");
    }

    private Reply Delete(string path)
    {
        if (folder.LocateFile(path) is not { } place) return NotFound;
        File.Delete(place);
        return new(250, "Deleted.");
    }

    private Reply MakeDirectory(string path)
    {
        if (folder.LocateTarget(path) is not { } place || File.Exists(place)) return Refused;
        System.IO.Directory.CreateDirectory(place);
        return new(257, $"{Quoted(path)} created.");
    }

    private Reply RemoveDirectory(string path)
    {
        if (path == "/" || folder.LocateFolder(path) is not { } place) return NotFound;
        System.IO.Directory.Delete(place, recursive: false);
        return new(250, "Removed.");
    }

    private Reply RenameFrom(string path)
    {
        if (path == "/" || (folder.LocateFile(path) ?? folder.LocateFolder(path)) is not { } place) return NotFound;
        _renameFrom = place;
        return new(350, "Ready for RNTO.");
    }

    private Reply RenameTo(string? source, string path)
    {
        if (source is null) return new(503, "RNFR first.");
        if (folder.LocateTarget(path) is not { } target) return new(553, "That name is not possible.");
        if (System.IO.Directory.Exists(source)) System.IO.Directory.Move(source, target);
        else File.Move(source, target, overwrite: true);
        return new(250, "Renamed.");
    }

    private Reply Describe(string path)
    {
        FileSystemInfo? entry = folder.LocateFile(path) is { } file ? new FileInfo(file) : folder.LocateFolder(path) is { } place ? new DirectoryInfo(place) : null;
        return entry is null ? NotFound : new(250, "End.") { First = "Listing", Between = [Listing.MachineLine(entry, path, Facts)] };
    }

    // RFC 959 appendix II: a quote in a path is doubled.
    private static string Quoted(string path) => $"\"{path.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
