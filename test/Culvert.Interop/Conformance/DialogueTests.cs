using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>The dialogue as a whole, with real servers: commands that don't wait for replies, single bytes, long lines, resumed transfers, compressed
/// ones, names of virtual hosts, and what isn't FTP at all.</summary>
public sealed class DialogueTests(Settings settings) : IClassFixture<Settings>
{
    private const string Name = "file";

    private static readonly string[] Pipelined =
        ["PWD", "CWD .", "TYPE I", "SIZE file", "MDTM file", "NOOP", "SYST", "HELP", "FEAT", "STAT .", "STAT", "MODE S", "XYZZY", "AUTH TLS", "SITE HELP", "EPSV", "PASV", "ABOR"];

    public static TheoryData<string> Servers => [.. FtpServer.All];

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Pipelined_commands_get_each_its_own_reply(string server)
    {
        var tunnelled = await GetAsync(server);
        var codes = new Dictionary<string, string>();
        await using (var session = await LoginAsync(tunnelled.Target))
        {
            foreach (var command in Pipelined)
            {
                codes[command] = (await session.AskAsync(command))[..3];
            }
        }

        foreach (var first in Pipelined)
        {
            await using var session = await LoginAsync(tunnelled.Target);
            foreach (var second in Pipelined)
            {
                await session.SayAsync($"{first}\r\n{second}\r\nPWD\r\n");
                string[] heard = [await session.HearAsync(), await session.HearAsync(), await session.HearAsync()];
                Assert.Equal($"{codes[first]} {codes[second]} 257", string.Join(' ', heard.Select(reply => reply[..3])));
            }

            Assert.Equal(await File.ReadAllBytesAsync(tunnelled.Ftp.PathOf(Name), Cancellation), await session.FetchAsync(Name));
        }

        Prove("all pairs of pipelined commands", server, nameof(Pipelined_commands_get_each_its_own_reply));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Whole_transfer_may_be_pipelined(string server)
    {
        var tunnelled = await GetAsync(server);
        var content = await File.ReadAllBytesAsync(tunnelled.Ftp.PathOf(Name), Cancellation);
        await using var session = await LoginAsync(tunnelled.Target);
        foreach (var behind in new[] { "PWD", "NOOP", "SIZE file", "AUTH TLS" })
        {
            await session.SayAsync($"EPSV\r\nRETR {Name}\r\n{behind}\r\n");
            using var data = await session.ConnectDataAsync(RawSession.Expect("229", await session.HearAsync()));
            Assert.Equal(content, await session.ReadAllAsync(data));
            string[] replies = [await session.HearAsync(), await session.HearAsync(), await session.HearAsync()];
            Assert.Contains(replies, reply => reply.StartsWith("226", StringComparison.Ordinal));
        }

        await session.SayAsync($"EPSV\r\nSTOR stored\r\nSIZE stored\r\nQUIT\r\n");
        using (var data = await session.ConnectDataAsync(RawSession.Expect("229", await session.HearAsync())))
        {
            RawSession.Expect("1", await session.HearAsync());
            await data.GetStream().WriteAsync(content, Cancellation);
        }

        string[] last = [await session.HearAsync(), await session.HearAsync(), await session.HearAsync()];
        Assert.Equal("226 213 221", string.Join(' ', last.Select(reply => reply[..3])));
        Assert.Equal($"213 {content.Length.ToString(CultureInfo.InvariantCulture)}", last[1].Trim());
        Prove("transfers with commands behind them, unasked", server, nameof(Whole_transfer_may_be_pipelined));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    [Proves(ProofTables.Attacks, Attack.Segments)]
    public async Task Single_bytes_make_the_same_session(string server)
    {
        await using var ftp = await FtpServer.StartAsync(server, Cancellation);
        // Not the commands: ProFTPD loses one whose CR and LF come apart. That's why the relay sends lines whole, however they come.
        await using var tap = new ControlTap(ftp.Port) { SplitsReplies = true };
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, Cancellation, "-L", $"ftp/0:127.0.0.1:{tap.Port}");
        await using var slow = new ControlTap(culvert.Port) { SplitsCommands = true, SplitsReplies = true };
        var target = FtpTarget.Through(ftp, slow.Port);
        await Exchange.BothWaysAsync(new Curl(), target, TransferMode.Epsv, ftp, 20_000, Cancellation);
        await Exchange.BothWaysAsync(new PythonFtplib(), target, TransferMode.Port, ftp, 20_000, Cancellation);
        Prove("one byte a segment, both ways", server, nameof(Single_bytes_make_the_same_session));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Long_lines_are_refused_and_the_session_goes_on(string server)
    {
        var tunnelled = await GetAsync(server);
        await using var session = await LoginAsync(tunnelled.Target);
        Assert.Matches("^[45]", await session.AskAsync("CWD " + new string('d', 2000)));
        Assert.StartsWith("500", await session.AskAsync("CWD " + new string('d', 8188)), StringComparison.Ordinal);
        Assert.StartsWith("500", await session.AskAsync(new string('d', 1024 * 1024)), StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllBytesAsync(tunnelled.Ftp.PathOf(Name), Cancellation), await session.FetchAsync(Name));
        Prove("lines of 8 KB and 1 MB", server, nameof(Long_lines_are_refused_and_the_session_goes_on));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Cut_transfers_are_resumed(string server)
    {
        var tunnelled = await GetAsync(server);
        using var folder = new TemporaryFolder();
        var source = tunnelled.Ftp.Offer("resumed", 300_000);
        var half = (await File.ReadAllBytesAsync(source, Cancellation))[..100_000];
        await File.WriteAllBytesAsync(folder["by-curl"], half, Cancellation);
        var result = await Command.RunAsync(new CommandLine(Peers.Require("curl"),
            [.. Curl.Arguments(tunnelled.Target, TransferMode.Epsv), "--continue-at", "-", "--output", folder["by-curl"], Curl.Url(tunnelled.Target, "pub/resumed")]), Cancellation);
        Assert.Contains("REST 100000", result.OrThrow().Output, StringComparison.Ordinal);
        Exchange.AssertSameFiles(source, folder["by-curl"], result);

        await File.WriteAllBytesAsync(folder["by-lftp"], half, Cancellation);
        result = await Lftp.RunAsync(tunnelled.Target, TransferMode.Pasv, $"set xfer:clobber false\nget -c resumed -o {folder["by-lftp"]}", Cancellation);
        Assert.Contains("REST 100000", result.OrThrow().Output, StringComparison.Ordinal);
        Exchange.AssertSameFiles(source, folder["by-lftp"], result);

        // Upwards: what is there already came through the tunnel as well, so that it may be written to.
        await File.WriteAllBytesAsync(folder["half"], half, Cancellation);
        (await new Curl().UploadAsync(tunnelled.Target, TransferMode.Epsv, folder["half"], "continued", Cancellation)).OrThrow();
        result = await Command.RunAsync(new CommandLine(Peers.Require("curl"),
            [.. Curl.Arguments(tunnelled.Target, TransferMode.Epsv), "--continue-at", "-", "--upload-file", source, Curl.Url(tunnelled.Target, "pub/continued")]), Cancellation);
        Assert.Contains("APPE continued", result.OrThrow().Output, StringComparison.Ordinal);
        Exchange.AssertSameFiles(source, tunnelled.Ftp.PathOf("continued"), result);
        Prove("downloads resumed by curl and lftp (REST), an upload by curl (APPE)", server, nameof(Cut_transfers_are_resumed));
    }

    [Fact]
    public async Task Compressed_mode_is_carried()
    {
        await using var tunnelled = await TunnelledServer.StartAsync(FtpServer.ProFtpd, Cancellation, ftpOptions: new FtpServerOptions
        {
            ProFtpdConfiguration = [$"ModulePath {Path.Combine(Peers.UnpackedRoot, "usr/lib/proftpd")}", "LoadModule mod_deflate.c", "DeflateEngine on"],
        });
        using var folder = new TemporaryFolder();
        var source = tunnelled.Ftp.Offer("packed", 500_000);
        await File.AppendAllTextAsync(source, new string('z', 500_000), Cancellation);
        var result = await Lftp.RunAsync(tunnelled.Target, TransferMode.Pasv,
            $"set ftp:use-mode-z true\nset ftp:mode-z-level 6\nget packed -o {folder["packed"]}", Cancellation);
        Assert.Contains("MODE Z", result.OrThrow().Output, StringComparison.Ordinal);
        Exchange.AssertSameFiles(source, folder["packed"], result);
        // Not upwards: lftp and ProFTPD spoil the file between them, without any tunnel.
        Prove("MODE Z, a download by lftp", "proftpd", nameof(Compressed_mode_is_carried));
    }

    [Fact]
    public async Task Host_names_what_the_user_set()
    {
        await using var ftp = await FtpServer.StartAsync(FtpServer.ProFtpd, Cancellation);
        await using var tap = new ControlTap(ftp.Port);
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, Cancellation, "--ftp-host", "files.example.org", "-L", $"ftp/0:127.0.0.1:{tap.Port}");
        await using var session = await RawSession.ConnectAsync(FtpTarget.Through(ftp, culvert.Port), Cancellation);
        Assert.NotEmpty(await session.AskAsync("HOST localhost"));
        Assert.Equal("HOST files.example.org\r\n", tap.TakeSent());
        Prove("HOST with the name that the user set", "proftpd", nameof(Host_names_what_the_user_set));
    }

    public static TheoryData<string, string> Foreigners() => new()
    {
        { "HTTP", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\nUSER x\r\nPASS y\r\n" },
        { "TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03" },
        { "SSH", "SSH-2.0-OpenSSH_9.2\r\n" },
        { "SMTP", "EHLO localhost\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" },
    };

    [Theory]
    [MemberData(nameof(Foreigners))]
    [Proves(ProofTables.Attacks, Attack.Browser)]
    [Proves(ProofTables.Attacks, Attack.CrossProtocol)]
    public async Task Another_protocol_is_turned_away_and_the_server_hears_nothing_of_it(string protocol, string bytes)
    {
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancellation);
        await using var tap = new ControlTap(ftp.Port);
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, Cancellation, "-L", $"ftp/0:127.0.0.1:{tap.Port}");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, culvert.Port, Cancellation);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(bytes), Cancellation);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Command.Patience);
        try
        {
            while (await client.GetStream().ReadAsync(new byte[1000], patience.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: turned away as well.
        }

        // SMTP looks like commands that nobody knows: the first of them pass, and no more.
        Assert.DoesNotMatch("POST|HTTP|SSH-|RCPT|USER", tap.TakeSent());
        await Exchange.DownloadAsync(new Curl(), FtpTarget.Through(ftp, culvert.Port), TransferMode.Epsv, ftp, 1000, Cancellation);
        Prove($"{protocol} on the control port", "a raw client", nameof(Another_protocol_is_turned_away_and_the_server_hears_nothing_of_it));
    }

    /// <summary>STAT of a directory can be as long as the directory.</summary>
    [Fact]
    public async Task Long_listing_in_a_reply_costs_no_memory()
    {
        const int Megabytes = 64;
        await using var server = new ScriptedServer();
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancellation);
        await using var culvert = await CulvertProcess.StartAsync(ssh, Cancellation, "-L", $"ftp/0:127.0.0.1:{server.Port}");
        var target = new FtpTarget("127.0.0.1", culvert.Port, PassiveForm.All[0].User, "any");
        await using var session = await RawSession.LoginAsync(target, Cancellation);
        await session.SayAsync("STAT 1\r\n");
        await session.SkipReplyAsync();
        var before = Peak(culvert.Id);
        await session.SayAsync($"STAT {Megabytes.ToString(CultureInfo.InvariantCulture)}\r\n");
        Assert.True(await session.SkipReplyAsync() > Megabytes * 1_000_000L);
        var grown = Peak(culvert.Id) - before;
        Assert.True(grown < Megabytes * 1_000_000L / 4, $"{grown.ToString(CultureInfo.InvariantCulture)} bytes more at its peak");
        Assert.StartsWith("257", await session.AskAsync("PWD"), StringComparison.Ordinal);
        Prove("a listing of 64 MB in the reply to STAT", "a scripted server", nameof(Long_listing_in_a_reply_costs_no_memory));

        static long Peak(int process)
        {
            using var culvert = Process.GetProcessById(process);
            return culvert.PeakWorkingSet64;
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static void Prove(string row, string with, string test)
    {
        ProofLog.Add(ProofTables.Dialogue, row, ProofTables.With, with);
        ProofLog.Add(ProofTables.Dialogue, row, ProofTables.Test, $"{nameof(DialogueTests)}.{test}");
    }

    private async Task<TunnelledServer> GetAsync(string server)
    {
        var tunnelled = await settings.GetAsync(new Setting(server, SshServer.OpenSsh, "-L", "convert", IPv6: false));
        if (!File.Exists(tunnelled.Ftp.PathOf(Name)))
        {
            tunnelled.Ftp.Offer(Name, 40_000);
        }

        return tunnelled;
    }

    private static async Task<RawSession> LoginAsync(FtpTarget target)
    {
        var session = await RawSession.LoginAsync(target, Cancellation);
        RawSession.Expect("250", await session.AskAsync("CWD " + FtpServer.PublicName));
        return session;
    }
}
