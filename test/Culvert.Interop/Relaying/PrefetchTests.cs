using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Relaying;

/// <summary>Many files in one session with <c>--passive-prefetch</c>: they are whole with every server, and vsftpd was asked ahead of its client.</summary>
public sealed partial class PrefetchTests
{
    private const int Files = 12;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Servers => [.. FtpServer.All];

    [Theory, MemberData(nameof(Servers))]
    public async Task Files_are_whole_when_ports_are_asked_for_ahead(string server)
    {
        await using var tunnelled = await TunnelledServer.StartAsync(server, Cancellation, options: ["-vv", "--passive-prefetch", "yes"]);
        using var folder = new TemporaryFolder();
        var names = Enumerable.Range(0, Files).Select(i => $"ahead-{i}").ToArray();
        foreach (var name in names)
            tunnelled.Ftp.Offer(name, 1 + (name.Length * 1000));
        foreach (var mode in (TransferMode[])[TransferMode.Pasv, TransferMode.Epsv, TransferMode.Port])
        {
            var into = folder.MakeFolder(mode.ToString());
            // Between the files a listing, an upload and a change of type: whatever comes must find its own path.
            var gets = string.Join('\n', names.Select(name => $"get {name} -o {Path.Combine(into, name)}"));
            var result = await Lftp.RunAsync(tunnelled.Target, mode, $"{gets}\nls\nput {Path.Combine(into, names[0])} -o up-{mode}\nget -a {names[0]} -o {Path.Combine(into, "ascii")}", Cancellation);
            Assert.True(result.ExitCode == 0, result.ToString());
            foreach (var name in names)
                Exchange.AssertSameFiles(tunnelled.Ftp.PathOf(name), Path.Combine(into, name), result);
            Exchange.AssertSameFiles(tunnelled.Ftp.PathOf(names[0]), tunnelled.Ftp.PathOf($"up-{mode}"), result);
        }
        var said = tunnelled.Culvert.Output;
        var (asked, answered) = (Asked().Count(said), Answered().Count(said));
        Assert.True(server == FtpServer.Vsftpd ? answered > asked : answered <= asked, $"{asked} asked, {answered} answered\n{said}");
    }

    [GeneratedRegex(@"> (PASV|EPSV|PORT|EPRT)\b")]
    private static partial Regex Asked();

    [GeneratedRegex(@"< (227|229) ")]
    private static partial Regex Answered();
}
