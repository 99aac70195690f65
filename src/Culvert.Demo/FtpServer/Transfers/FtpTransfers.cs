namespace Culvert.Demo.FtpServer.Transfers;

/// <summary>What a transfer command would do, decided before a data connection is touched: the work, or why there's none.</summary>
internal static class FtpTransfers
{
    /// <summary>Plans RETR, STOR, APPE, LIST, NLST, MLSD.</summary>
    public static (DataWork? Work, Reply Refusal) Plan(FtpCommand command, RootedFolder folder, FileCommands files, bool ascii, long restart, DateTimeOffset now)
    {
        string path = files.Resolve(command.Argument);
        switch (command.Verb)
        {
            case "RETR":
                return folder.LocateFile(path) is { } source ? (DataWorks.SendFile(source, restart, ascii), default) : Refuse(550, "No such file.");
            case "STOR" or "APPE":
                if (command.Argument.Length == 0) return Refuse(501, "A name is missing.");
                return folder.LocateTarget(path) is { } target
                    ? (DataWorks.ReceiveFile(target, command.Verb == "APPE" ? null : restart, ascii), default)
                    : Refuse(553, "That name is not possible.");
            case "MLSD":
                return folder.LocateFolder(path) is not null
                    ? (DataWorks.SendText(Listing.Machine(Listing.Find(folder, path) ?? [], files.Facts)), default)
                    : Refuse(501, "No such directory.");
            default:
                string argument = WithoutOptions(command.Argument);
                if (Listing.Find(folder, files.Resolve(argument)) is not { } entries) return Refuse(550, "No such file or directory.");
                string prefix = folder.LocateFolder(files.Resolve(argument)) is null ? argument[..(argument.LastIndexOf('/') + 1)] : "";
                return (DataWorks.SendText(command.Verb == "LIST" ? Listing.Long(entries, now) : Listing.Names(entries, prefix)), default);
        }
    }

    // "LIST -la folder": clients think that an ls answers.
    private static string WithoutOptions(string argument)
    {
        while (argument.StartsWith('-'))
        {
            int blank = argument.IndexOf(' ', StringComparison.Ordinal);
            argument = blank < 0 ? "" : argument[(blank + 1)..].TrimStart(' ');
        }
        return argument;
    }

    private static (DataWork?, Reply) Refuse(int code, string text) => (null, new(code, text));
}
