using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Load;

/// <summary>Files that are unusual in what they're called or how little they hold.</summary>
public sealed class NameTests(Settings settings) : IClassFixture<Settings>
{
    private static readonly Setting Usual = new(FtpServer.Vsftpd, SshServer.OpenSsh, "-L", "convert", IPv6: false);

    [Theory]
    [InlineData("with several  spaces.txt")]
    [InlineData("größe ⚡ 大.txt")]
    [InlineData("227 Entering Passive Mode (1,2,3,4,5,6).txt")]
    [InlineData("#100%;&'()[]")]
    [Proves(ProofTables.Attacks, Attack.FakeReply)]
    public async Task Name_is_carried_as_it_is(string name)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var tunnelled = await settings.GetAsync(Usual);
        foreach (var client in new FtpClient[] { new Curl(), new PythonFtplib(), new Lftp() })
        {
            await Exchange.DownloadAsync(client, tunnelled.Target, TransferMode.Pasv, tunnelled.Ftp, 1000, cancellation, name);
            await Exchange.UploadAsync(client, tunnelled.Target, TransferMode.Pasv, tunnelled.Ftp, 1000, cancellation, "up " + name);
        }
    }

    /// <summary>A name in Latin-1 is not UTF-8: its bytes must cross unchanged.</summary>
    [Fact]
    [Proves(ProofTables.Dialogue, "names that are not UTF-8", With = "vsftpd")]
    public async Task Latin1_name_is_carried_byte_by_byte()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var tunnelled = await settings.GetAsync(Usual);
        var target = tunnelled.Target;
        using var folder = new TemporaryFolder();
        var content = folder.Write("content", Guid.NewGuid().ToString());
        var curl = new CommandLine(
            Peers.Require("curl"),
            [.. Curl.Arguments(target, TransferMode.Pasv), "--upload-file", content, Curl.Url(target, "pub/caf%E9")]);
        (await Command.RunAsync(curl, cancellation)).OrThrow();
        var compare = new CommandLine("/bin/sh", "-c", """cmp "$1" "$2/$(printf 'caf\351')" """, "sh", content, tunnelled.Ftp.PublicFolder);
        (await Command.RunAsync(compare, cancellation)).OrThrow();
        var fetch = new CommandLine(
            Peers.Require("curl"), [.. Curl.Arguments(target, TransferMode.Pasv), "--output", folder["back"], Curl.Url(target, "pub/caf%E9")]);
        var result = await Command.RunAsync(fetch, cancellation);
        Exchange.AssertSameFiles(content, folder["back"], result.OrThrow());
        // .NET can't name the file, so it couldn't remove its folder.
        var remove = new CommandLine("/bin/sh", "-c", """rm "$1/$(printf 'caf\351')" """, "sh", tunnelled.Ftp.PublicFolder);
        (await Command.RunAsync(remove, cancellation)).OrThrow();
    }

    [Theory]
    [InlineData("curl")]
    [InlineData("lftp")]
    [InlineData("ftplib")]
    [InlineData("tnftp")]
    public async Task Empty_file_is_a_file(string clientName)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var tunnelled = await settings.GetAsync(Usual);
        var client = FtpClient.Named(clientName);
        foreach (var mode in client.Modes)
        {
            await Exchange.BothWaysAsync(client, tunnelled.Target, mode, tunnelled.Ftp, 0, cancellation);
        }
    }
}
