using System.Net.Sockets;
using Culvert.Interop.Clients;
using Culvert.Interop.Fixtures;
using Culvert.Interop.Matrix;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>What is said while a transfer runs: ABOR and STAT, in each way that clients have to say them, with real servers. After it the session is in
/// step, and the next file arrives.</summary>
public sealed class OutOfBandTests(Settings settings) : IClassFixture<Settings>
{
    /// <summary>More than all buffers on the way hold, so that the transfer runs when it's interrupted.</summary>
    private const int Long = 60_000_000;
    private const int Some = 100_000;

    public static TheoryData<string> Servers => [.. FtpServer.All];

    public static TheoryData<string, string> Aborts()
    {
        var ways = new TheoryData<string, string>();
        foreach (var server in FtpServer.All)
        {
            foreach (var way in new[] { "plain", "Telnet IP and Synch", "Telnet IP and Synch as urgent data" })
            {
                ways.Add(server, way);
            }
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Ftplib_aborts_by_urgent_data(string server)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var tunnelled = await GetAsync(server);
        using var folder = new TemporaryFolder();
        var result = await PythonFtplib.RunAsync(tunnelled.Target, TransferMode.Pasv, cancellation, "abort", "pub/long", "pub/small", folder["small"]);
        Assert.True(result.Succeeded, result.ToString());
        Exchange.AssertSameFiles(tunnelled.Ftp.PathOf("small"), folder["small"], result);
        Prove("ABOR by ftplib.abort(), urgent data", server, nameof(Ftplib_aborts_by_urgent_data));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Lftp_aborts_by_telnet_ip_and_synch(string server)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var tunnelled = await GetAsync(server);
        using var folder = new TemporaryFolder();
        var result = await Lftp.RunAsync(
            tunnelled.Target, TransferMode.Pasv, $"set cmd:fail-exit false\ncat long | head -c {Some} > {folder["head"]}\nget small -o {folder["small"]}", cancellation);
        Assert.Contains("---> ABOR", result.Output, StringComparison.Ordinal);
        Exchange.AssertSameFiles(tunnelled.Ftp.PathOf("small"), folder["small"], result);
        Prove("ABOR by lftp, Telnet IP and Synch", server, nameof(Lftp_aborts_by_telnet_ip_and_synch));
    }

    [Theory]
    [MemberData(nameof(Aborts))]
    public async Task Abort_ends_a_transfer_and_the_next_one_is_whole(string server, string way)
    {
        var tunnelled = await GetAsync(server);
        await using var session = await LoginAsync(tunnelled.Target);
        using var data = await BeginAsync(session);
        switch (way)
        {
            case "plain":
                await session.SayAsync("ABOR\r\n");
                break;
            case "Telnet IP and Synch":
                await session.SayAsync("\xFF\xF4\xFF\xF2" + "ABOR\r\n");
                break;
            default:
                await session.SayAsync("\xFF\xF4\xFF");
                session.Socket.Send([0xF2], SocketFlags.OutOfBand);
                await session.SayAsync("ABOR\r\n");
                break;
        }

        // The server's word comes without that the client closes or reads its data connection.
        Assert.Matches("^(426|225|226)", await session.HearAsync());
        data.Close();
        await session.SayAsync("PWD\r\n");
        var replies = new List<string>();
        while (replies.LastOrDefault() is not { } last || !last.StartsWith("257", StringComparison.Ordinal))
        {
            replies.Add(await session.HearAsync());
            Assert.NotEqual("", replies[^1]);
        }

        Assert.All(replies[..^1], reply => Assert.Matches("^(426|225|226)", reply));
        Assert.Equal(await File.ReadAllBytesAsync(tunnelled.Ftp.PathOf("small"), TestContext.Current.CancellationToken), await session.FetchAsync("small"));
        Prove($"ABOR, {way}", server, nameof(Abort_ends_a_transfer_and_the_next_one_is_whole));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Stat_during_a_transfer_harms_neither(string server)
    {
        var tunnelled = await GetAsync(server);
        await using var session = await LoginAsync(tunnelled.Target);
        using var data = await BeginAsync(session);
        await session.SayAsync("STAT\r\n");
        var rest = await session.ReadAllAsync(data);
        Assert.Equal(Long - Some, rest.Length);
        string[] replies = [await session.HearAsync(), await session.HearAsync()];
        // Some servers answer at once, some when the transfer is over, and Pure-FTPd doesn't know it then: each gets the reply that is its own.
        Assert.Single(replies, reply => reply.StartsWith("226", StringComparison.Ordinal));
        Assert.Single(replies, reply => reply.StartsWith("21", StringComparison.Ordinal) || reply.StartsWith("500", StringComparison.Ordinal));
        Assert.StartsWith("257", await session.AskAsync("PWD"), StringComparison.Ordinal);
        Prove("STAT during a transfer", server, nameof(Stat_during_a_transfer_harms_neither));
    }

    private static void Prove(string row, string server, string test)
    {
        ProofLog.Add(ProofTables.Dialogue, row, ProofTables.With, server);
        ProofLog.Add(ProofTables.Dialogue, row, ProofTables.Test, $"{nameof(OutOfBandTests)}.{test}");
    }

    private async Task<TunnelledServer> GetAsync(string server)
    {
        var tunnelled = await settings.GetAsync(new Setting(server, SshServer.OpenSsh, "-L", "convert", IPv6: false));
        if (!File.Exists(tunnelled.Ftp.PathOf("long")))
        {
            tunnelled.Ftp.Offer("long", Long);
            tunnelled.Ftp.Offer("small", 5000);
        }

        return tunnelled;
    }

    private static async Task<RawSession> LoginAsync(FtpTarget target)
    {
        var session = await RawSession.LoginAsync(target, TestContext.Current.CancellationToken);
        RawSession.Expect("250", await session.AskAsync("CWD " + FtpServer.PublicName));
        return session;
    }

    /// <summary>A download of which the beginning has been read.</summary>
    private static async Task<TcpClient> BeginAsync(RawSession session)
    {
        var data = await session.ConnectDataAsync(RawSession.Expect("229", await session.AskAsync("EPSV")));
        RawSession.Expect("1", await session.AskAsync("RETR long"));
        await data.GetStream().ReadExactlyAsync(new byte[Some], TestContext.Current.CancellationToken);
        return data;
    }
}
