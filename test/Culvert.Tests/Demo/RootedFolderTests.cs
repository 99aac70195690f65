using Culvert.Demo.FtpServer;
using Xunit;

namespace Culvert.Tests.Demo;

public sealed class RootedFolderTests : IDisposable
{
    private readonly DirectoryInfo _outer = Directory.CreateTempSubdirectory("culvert-test-");
    private readonly string _root;
    private readonly RootedFolder _folder;

    public RootedFolderTests()
    {
        _root = Directory.CreateDirectory(Path.Combine(_outer.FullName, "root")).FullName;
        File.WriteAllText(Path.Combine(_outer.FullName, "secret"), "outside");
        File.WriteAllText(Path.Combine(_root, "inside"), "inside");
        _folder = new(_root);
    }

    public void Dispose() => _outer.Delete(recursive: true);

    [Theory]
    [InlineData("/", "a", "/a")]
    [InlineData("/a", "b/c", "/a/b/c")]
    [InlineData("/a", "/b", "/b")]
    [InlineData("/a/b", "..", "/a")]
    [InlineData("/a", "../../../..", "/")]
    [InlineData("/", "../secret", "/secret")]
    [InlineData("/a", "./b/../c//d/", "/a/c/d")]
    [InlineData("/a", "", "/a")]
    public void Paths_combine_below_the_root(string from, string argument, string path) => Assert.Equal(path, RootedFolder.Combine(from, argument));

    [Theory]
    [InlineData("../secret")]
    [InlineData("../../../../../../etc/passwd")]
    [InlineData("/../secret")]
    [InlineData("/etc/passwd")]
    [InlineData("x/../../secret")]
    public void Nothing_outside_is_found(string argument) => Assert.Null(_folder.LocateFile(RootedFolder.Combine("/", argument)));

    [Fact]
    public void What_is_inside_is_found() => Assert.Equal(Path.Combine(_root, "inside"), _folder.LocateFile("/inside"));

    [Theory]
    [InlineData("/..")]
    [InlineData("/../secret")]
    [InlineData("/a\0b")]
    public void A_path_that_was_not_combined_is_no_way_out_either(string path) => Assert.Null(_folder.Locate(path));

    [Fact]
    public void Links_are_as_good_as_absent()
    {
        try
        {
            File.CreateSymbolicLink(Path.Combine(_root, "file"), Path.Combine(_outer.FullName, "secret"));
            Directory.CreateSymbolicLink(Path.Combine(_root, "folder"), _outer.FullName);
            File.CreateSymbolicLink(Path.Combine(_root, "nowhere"), Path.Combine(_outer.FullName, "made"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip("this user may not make symbolic links: " + e.Message);
        }
        Assert.Null(_folder.LocateFile("/file"));
        Assert.Null(_folder.LocateFolder("/folder"));
        Assert.Null(_folder.LocateFile("/folder/secret"));
        Assert.Null(_folder.LocateTarget("/folder/new"));
        Assert.Null(_folder.LocateTarget("/nowhere"));
        Assert.Equal(["inside"], Listing.Find(_folder, "/")!.Select(entry => entry.Name));
    }
}
