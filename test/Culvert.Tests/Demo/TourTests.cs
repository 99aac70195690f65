using System.Text.RegularExpressions;
using Culvert.Demo;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Demo;

public sealed partial class TourTests
{
    /// <summary>Small, but more than one read, one packet, and one buffer.</summary>
    private const int FileSize = 300_000;

    private static readonly DemoOptions Once = new() { Once = true, FileSize = FileSize };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sixteen_transfers_are_verified()
    {
        var output = new StringWriter();
        int code = await Tour.RunAsync(Once, output, Stop);
        string text = output.ToString();
        Assert.True(code == 0, text);
        Assert.Contains("16 of 16 transfers verified", text, StringComparison.Ordinal);
        Assert.Contains("227 Entering Passive Mode (127,0,0,1,", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
        Assert.False(Directory.Exists(Folder(text)));
    }

    [Fact]
    public async Task One_bit_turned_on_the_way_is_seen()
    {
        var output = new StringWriter();
        var network = new OneFlippedBitNetwork(new TcpNetwork(TimeProvider.System), behind: FileSize / 2);
        int code = await Tour.RunAsync(Once, output, network, Stop);
        string text = output.ToString();
        Assert.True(network.Done);
        Assert.True(code == 1, text);
        Assert.Contains("15 of 16 transfers verified", text, StringComparison.Ordinal);
        Assert.Contains("FAILED", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_network_it_says_why_and_does_not_succeed()
    {
        var output = new StringWriter();
        var network = new MemoryNetwork { RefuseListen = _ => new Failure(FailureKind.Prohibited, "no ports today") };
        Assert.Equal(255, await Tour.RunAsync(Once, output, network, Stop));
        Assert.Contains("no ports today", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopped_in_the_middle_it_does_not_succeed_and_cleans_up()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var output = new WatchedWriter("EPSV", _ => stop.Cancel());
        Assert.Equal(255, await Tour.RunAsync(Once, output, stop.Token));
        Assert.False(Directory.Exists(Folder(output.ToString())));
    }

    [Fact]
    public async Task It_stays_up_until_stopped_and_prints_what_to_type()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        string folder = "";
        var output = new WatchedWriter("Ctrl-C", text =>
        {
            folder = Folder(text);
            Assert.True(File.Exists(Path.Combine(folder, "sample.bin")));
            stop.Cancel();
        });
        int code = await Tour.RunAsync(Once with { Once = false, Color = true }, output, stop.Token);
        string text = output.ToString();
        Assert.True(code == 0, text);
        Assert.Contains("curl ftp://demo:", text, StringComparison.Ordinal);
        Assert.Contains("lftp -u demo,", text, StringComparison.Ordinal);
        Assert.Contains("ftp -p 127.0.0.1 ", text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    private static string Folder(string text) => FolderLine().Match(text) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException(text);

    [GeneratedRegex(@"serves (\S+)")]
    private static partial Regex FolderLine();
}
