using System.Text;
using Culvert.Demo.FtpServer;
using Culvert.Demo.FtpServer.Transfers;
using Xunit;

namespace Culvert.Tests.Demo;

public sealed class ListingTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("culvert-test-");
    private readonly RootedFolder _folder;
    private readonly DateTime _time = new(2026, 3, 4, 5, 6, 7, DateTimeKind.Utc);

    public ListingTests()
    {
        _folder = new(_root.FullName);
        foreach (string name in new[] { "b.txt", "a b é.bin" })
        {
            string path = Path.Combine(_root.FullName, name);
            File.WriteAllText(path, "1234");
            File.SetLastWriteTimeUtc(path, _time);
        }
        Directory.SetLastWriteTimeUtc(_root.CreateSubdirectory("sub").FullName, _time);
    }

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void A_long_listing_looks_like_ls()
    {
        var entries = Listing.Find(_folder, "/")!;
        string recent = Encoding.UTF8.GetString(Listing.Long(entries, new(_time.AddDays(10))));
        Assert.Equal(
            "-rw-------   1 culvert  culvert             4 Mar 04 05:06 a b é.bin\r\n" +
            "-rw-------   1 culvert  culvert             4 Mar 04 05:06 b.txt\r\n" +
            "drwx------   1 culvert  culvert             0 Mar 04 05:06 sub\r\n", recent);
        Assert.Contains("Mar 04  2026 b.txt", Encoding.UTF8.GetString(Listing.Long(entries, new(_time.AddDays(300)))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_listing_tells_the_facts_that_were_asked_for()
    {
        var entries = Listing.Find(_folder, "/b.txt")!;
        Assert.Equal("type=file;size=4;modify=20260304050607;perm=adfrw; b.txt\r\n", Encoding.UTF8.GetString(Listing.Machine(entries, Listing.Facts)));
        Assert.Equal("size=4; b.txt\r\n", Encoding.UTF8.GetString(Listing.Machine(entries, ["size"])));
    }

    [Theory]
    [InlineData("/*.txt", "b.txt")]
    [InlineData("/?.txt", "b.txt")]
    [InlineData("/*", "a b é.bin,b.txt,sub")]
    public void A_pattern_finds_what_matches(string path, string names) =>
        Assert.Equal(names.Split(','), Listing.Find(_folder, path)!.Select(entry => entry.Name));

    [Fact]
    public void What_is_not_there_has_no_listing() => Assert.Null(Listing.Find(_folder, "/nothing"));

    [Fact]
    public void Line_ends_of_type_A_survive_any_cut()
    {
        var text = Encoding.ASCII.GetBytes("a\r\nb\rc\n\r\r\n\r");
        for (int cut = 0; cut <= text.Length; cut++)
        {
            var ends = new LineEnds();
            byte[] got = [.. ends.FromNetwork(text.AsSpan(0, cut)).Span, .. ends.FromNetwork(text.AsSpan(cut)).Span, .. ends.Rest().Span];
            Assert.Equal("a\nb\rc\n\r\n\r", Encoding.ASCII.GetString(got));
        }
        Assert.Equal("x\r\n\r\ny", Encoding.ASCII.GetString(LineEnds.ToNetwork("x\n\ny"u8).Span));
    }
}
