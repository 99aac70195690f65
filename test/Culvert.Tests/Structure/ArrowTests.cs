using System.Text.RegularExpressions;
using System.Xml.Linq;
using Culvert.TestKit;
using Xunit;

namespace Culvert.Tests.Structure;

/// <summary>What ARCHITECTURE.md claims about structure is asserted here, from the files themselves.</summary>
public sealed partial class ArrowTests
{
    /// <summary>A directory above the test's own that holds the solution.</summary>
    internal static string Root { get; } = Repository.Root;

    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Culvert.Net"] = [],
        ["Culvert.Ssh"] = ["Culvert.Net"],
        ["Culvert.Ftp"] = ["Culvert.Net"],
        ["Culvert.OpenSsh"] = ["Culvert.Net"],
        ["Culvert.Broker"] = ["Culvert.Net", "Culvert.Ssh", "Culvert.OpenSsh", "Culvert.Ftp"],
        ["Culvert.Demo"] = ["Culvert.Net", "Culvert.Ssh", "Culvert.Ftp"],
        ["Culvert.Cli"] = ["Culvert.Net", "Culvert.Broker", "Culvert.Demo"],
    };

    [Fact]
    public void Projects_refer_to_each_other_only_along_the_arrows()
    {
        var found = Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories);
        Assert.Equal(Arrows.Keys.Order(), found.Select(Path.GetFileNameWithoutExtension).Order());
        foreach (var project in found)
        {
            var references = XDocument.Load(project).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
            Assert.Subset(Arrows[Path.GetFileNameWithoutExtension(project)].ToHashSet(), references.ToHashSet());
        }
    }

    [Fact]
    public void SSH_knows_no_FTP_and_FTP_no_SSH()
    {
        Assert.Empty(Mentions("Culvert.Ssh", FtpWord()));
        Assert.Empty(Mentions("Culvert.Ftp", SshWord()));
        Assert.Empty(Mentions("Culvert.Net", FtpCommand()));

        static IEnumerable<string> Mentions(string project, Regex word) =>
            from file in Sources(project)
            from line in File.ReadLines(file)
            where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && word.IsMatch(line)
            select $"{Path.GetRelativePath(Root, file)}: {line.Trim()}";
    }

    [Fact]
    public void Only_the_network_layer_knows_sockets()
    {
        // An agent is a Unix socket beside every network, and a terminal is none: these are the only other places.
        var allowed = new[] { "Culvert.Net/", "Culvert.Ssh/Keys/" };
        var offenders = from file in Sources("")
                        let name = Path.GetRelativePath(Path.Combine(Root, "src"), file).Replace('\\', '/')
                        where !allowed.Any(a => name.StartsWith(a, StringComparison.Ordinal)) && SocketType().IsMatch(File.ReadAllText(file))
                        select name;
        Assert.Empty(offenders);
    }

    [Fact]
    public void A_file_has_one_job_and_a_folder_few_files()
    {
        Assert.Empty(Sources("").Where(f => File.ReadLines(f).Count() > 420).Select(f => Path.GetRelativePath(Root, f)));
        Assert.Empty(Sources("").GroupBy(f => Path.GetDirectoryName(f)!).Where(g => g.Count() > 15).Select(g => Path.GetRelativePath(Root, g.Key)));
    }

    [Fact]
    public void Lock_files_name_no_registry() =>
        Assert.DoesNotContain(Directory.GetFiles(Root, "packages.lock.json", SearchOption.AllDirectories), f => File.ReadAllText(f).Contains("://", StringComparison.Ordinal));

    private static IEnumerable<string> Sources(string project) =>
        Directory.GetFiles(Path.Combine(Root, "src", project), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [GeneratedRegex(@"\b(FTP|Ftp|PASV|EPSV|RETR|STOR)", RegexOptions.CultureInvariant)]
    private static partial Regex FtpWord();

    [GeneratedRegex(@"\b(Ssh|sshd|OpenSSH)", RegexOptions.CultureInvariant)]
    private static partial Regex SshWord();

    [GeneratedRegex(@"\b(PASV|EPSV|RETR|STOR|EPRT)\b", RegexOptions.CultureInvariant)]
    private static partial Regex FtpCommand();

    [GeneratedRegex(@"\bnew Socket\(|\bTcpClient\b|System\.Net\.Sockets\.Socket\b", RegexOptions.CultureInvariant)]
    private static partial Regex SocketType();
}
