using Culvert.Interop.Processes;

namespace Culvert.Interop.Configuration;

/// <summary>Configuration files and a command line that both programs read.</summary>
/// <param name="Title">What a failing test names it by.</param>
/// <param name="Files">Contents by name; <c>config</c> is the user's, <c>ssh_config</c> the machine's, <c>{F}</c> stands for the folder.</param>
/// <param name="Options">Before the host, in letters that both programs have.</param>
/// <param name="Host">The last word.</param>
/// <param name="UsesUsualFiles">The files stand where they are read without being named; otherwise <c>config</c> is named with <c>-F</c>.</param>
internal sealed record Configuration(
    string Title, IReadOnlyDictionary<string, string> Files, IReadOnlyList<string> Options, string Host, bool UsesUsualFiles = false)
{
    public const string UserFile = "config";
    public const string SystemFile = "ssh_config";

    /// <summary>What differs from OpenSSH's defaults, said at the end of the last file: then everything else must be the same.</summary>
    public const string OwnDefaults = "\nMatch all\n  ConnectTimeout 15\n  ServerAliveInterval 15\n  ExitOnForwardFailure yes\n";

    /// <summary>One file, and a host.</summary>
    public static Configuration Of(string title, string config, string host = "alias", params IReadOnlyList<string> options) =>
        new(title, new Dictionary<string, string> { [UserFile] = config }, options, host);

    /// <summary>With a further file.</summary>
    public Configuration With(string name, string text) => this with { Files = new Dictionary<string, string>(Files) { [name] = text } };

    /// <summary>Writes the files: a home with <c>.ssh/</c>, and beside it the machine's file.</summary>
    public void WriteTo(TemporaryFolder folder)
    {
        folder.MakeFolder(".ssh");
        folder.MakeFolder(".ssh/conf.d");
        folder.Write(SystemFile, ""); // there is one to be covered
        foreach (var (name, text) in Files)
        {
            var path = name == SystemFile ? name : ".ssh/" + name;
            var isLast = name == (UsesUsualFiles && Files.ContainsKey(SystemFile) ? SystemFile : UserFile);
            folder.Write(path, text.Replace("{F}", folder.FullName + "/.ssh", StringComparison.Ordinal) + (isLast ? OwnDefaults : ""));
        }
    }

    /// <summary>The words after the program's name.</summary>
    public IReadOnlyList<string> Words(TemporaryFolder folder) => UsesUsualFiles ? [.. Options, Host] : ["-F", folder[".ssh/" + UserFile], .. Options, Host];

    public override string ToString() => $"{Title}\n{string.Join('\n', Files.Select(file => $"--- {file.Key}\n{file.Value}"))}\n--- {string.Join(' ', Options)} {Host}";
}
