using Culvert.Broker.Config;
using Culvert.Cli;
using Culvert.Cli.Arguments;
using Culvert.Cli.Running;
using Culvert.Tests.Broker;
using Xunit;

namespace Culvert.Tests.Cli;

public sealed class InstallNamesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("culvert-names-");

    private string Names => Path.Combine(_folder.FullName, "bin");

    private string Program => Path.Combine(_folder.FullName, "culvert");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Links_are_made_once_and_stay()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a right there");
        Assert.All(InstallNames.Run(Names, Program), line => Assert.EndsWith($" -> {Program}", line, StringComparison.Ordinal));
        foreach (var name in ProgramName.Installed)
            Assert.Equal(Program, new FileInfo(Path.Combine(Names, name)).LinkTarget);
        Assert.All(InstallNames.Run(Names, Program), line => Assert.EndsWith("is there already", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link")]
    [InlineData("folder")]
    [InlineData("dangling")]
    public void What_is_something_else_is_left_alone(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a right there");
        Directory.CreateDirectory(Names);
        var path = Path.Combine(Names, ProgramName.Sshg3);
        switch (kind)
        {
            case "file": File.WriteAllText(path, "theirs"); break;
            case "link": File.CreateSymbolicLink(path, "/bin/true"); break;
            case "folder": Directory.CreateDirectory(path); break;
            default: File.CreateSymbolicLink(path, "/nowhere"); break;
        }
        var target = new FileInfo(path).LinkTarget;
        var refused = Assert.Throws<ConfigException>(() => InstallNames.Run(Names, Program));
        Assert.Contains($"{path} is something else; it was left alone", refused.Lines);
        Assert.Equal(target, new FileInfo(path).LinkTarget);
        if (kind == "file")
            Assert.Equal("theirs", File.ReadAllText(path));
    }

    [Fact]
    public void The_runtime_is_not_the_program()
    {
        Assert.Throws<ConfigException>(() => InstallNames.Run(Names, "/usr/bin/dotnet"));
        Assert.False(Directory.Exists(Names));
    }

    [Fact]
    public void It_is_a_verb_with_one_folder()
    {
        Assert.Equal("/x", Assert.IsType<Invocation.InstallNames>(CommandLineReader.Read(["install-names", "/x"], new FakeMachine().Machine)).Folder);
        foreach (var words in (string[][])[["install-names"], ["install-names", "a", "b"], ["install-names", "-f"]])
            Assert.Throws<ConfigException>(() => CommandLineReader.Read(words, new FakeMachine().Machine));
    }
}
