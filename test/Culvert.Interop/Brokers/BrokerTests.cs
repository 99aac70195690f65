using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Proofs;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>The broker as a program, with a real SSH and FTP server: what each verb does to transfers and ports that are alive.</summary>
public sealed class BrokerTests
{
    private const int FileLength = 20_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Line(int port, FtpServer ftp) => string.Create(CultureInfo.InvariantCulture, $"CulvertLocalForward ftp/127.0.0.1:{port}:127.0.0.1:{ftp.Port}");

    private static Task<CommandResult> DownloadAsync(FtpServer ftp, int port, string name, string to, params IReadOnlyList<string> further)
    {
        var target = FtpTarget.Through(ftp, port);
        return Command.RunAsync(new CommandLine(Peers.Require("curl"), [.. Curl.Arguments(target, TransferMode.Epsv), .. further, "--output", to, Curl.Url(target, FtpServer.PublicName + "/" + name)]), Cancel);
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexString(await SHA256.HashDataAsync(file, Cancel));
    }

    [Fact]
    public async Task Each_verb_does_what_it_says_to_what_is_alive()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        RandomFile.Write(Path.Combine(ftp.PublicFolder, "file"), FileLength);
        var (first, second) = (FreePort.Next(), FreePort.Next());
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", Line(first, ftp))], Cancel);
        await broker.UntilUpAsync(1, 1, Cancel);

        // A tunnel that's opened carries, and one that's closed doesn't listen any more.
        (await broker.ControlAsync(Cancel, "open-tunnel-listener", "--type", "ftp", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{second}"), "one", "127.0.0.1", ftp.Port.ToString(CultureInfo.InvariantCulture))).OrThrow();
        (await DownloadAsync(ftp, second, "file", broker.Folder["got"])).OrThrow();
        Assert.Equal(await HashAsync(Path.Combine(ftp.PublicFolder, "file")), await HashAsync(broker.Folder["got"]));
        (await broker.ControlAsync(Cancel, "close-tunnel-listener", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{second}"))).OrThrow();
        Assert.DoesNotContain(second, ProcessTable.ListeningPortsOf(broker.Id));

        // A channel that's closed cuts its transfer, visibly.
        await using var held = await HeldDownload.StartAsync(ftp, first, "file", Cancel);
        await broker.UntilAsync(transfers => transfers.GetArrayLength() == 1 && transfers[0].GetProperty("bytes").GetInt64() > 0, Cancel, "list-transfers");
        var channels = await broker.UntilAsync(channels => channels.GetArrayLength() == 2, Cancel, "list-channels");
        var data = channels.EnumerateArray().MaxBy(channel => channel.GetProperty("received").GetInt64()).GetProperty("id").GetInt64();
        Assert.Equal(1, (await broker.AskAsync(Cancel, "list-clients")).GetArrayLength());
        (await broker.ControlAsync(Cancel, "close-channel", data.ToString(CultureInfo.InvariantCulture))).OrThrow();
        Assert.True((await held.EndAsync(Cancel)).WasReset);

        // A connection that's closed takes its ports with it, and comes back when it's asked for.
        (await broker.ControlAsync(Cancel, "close-connection", "one")).OrThrow();
        Assert.DoesNotContain(first, ProcessTable.ListeningPortsOf(broker.Id));
        var connected = await Command.RunAsync(CulvertProcess.Command(["connect", "one", "--socket", broker.Socket]), Cancel);
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"ready: ftp 127.0.0.1 {first} "), connected.OrThrow().Output, StringComparison.Ordinal);
        Assert.Equal("up", (await broker.AskAsync(Cancel, "connect", "one"))[0].GetProperty("state").GetString());
        (await DownloadAsync(ftp, first, "file", broker.Folder["again"])).OrThrow();

        // What isn't there, or can't be, is a failure with exit code 1.
        Assert.Equal(1, (await broker.ControlAsync(Cancel, "close-channel", "999")).ExitCode);
        Assert.Equal(1, (await broker.ControlAsync(Cancel, "connection-status", "nobody")).ExitCode);
        Assert.Equal(2, (await broker.ControlAsync(Cancel, "no-such-verb")).ExitCode);

        (await broker.ControlAsync(Cancel, "stop")).OrThrow();
        Assert.Equal(0, await broker.WaitForExitAsync(Cancel));
        Assert.False(File.Exists(broker.Socket));
        Assert.Equal(1, (await broker.ControlAsync(Cancel, "status")).ExitCode);
    }

    [Fact]
    public async Task A_reload_with_one_changed_profile_of_ten_leaves_nine_running_transfers_whole()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        RandomFile.Write(Path.Combine(ftp.PublicFolder, "file"), FileLength);
        var hash = await HashAsync(Path.Combine(ftp.PublicFolder, "file"));
        var profiles = Enumerable.Range(0, 10).Select(i => (Name: $"p{i}", Port: FreePort.Next())).ToList();
        await using var broker = await BrokerProcess.StartAsync(ssh, [.. profiles.Select(profile => (profile.Name, Line(profile.Port, ftp)))], Cancel);
        await broker.UntilUpAsync(10, 10, Cancel);

        // The one that is to be cut is in no hurry; the others are slow enough to be there when it happens.
        await using var cut = await HeldDownload.StartAsync(ftp, profiles[4].Port, "file", Cancel);
        var downloads = profiles.FindAll(profile => profile.Name != "p4").ConvertAll(profile => DownloadAsync(ftp, profile.Port, "file", broker.Folder[profile.Name], "--limit-rate", "2M"));
        await broker.UntilAsync(transfers => transfers.EnumerateArray().Count(transfer => transfer.GetProperty("bytes").GetInt64() > 0) == 10, Cancel, "list-transfers");
        var moved = FreePort.Next();
        broker.Configure([.. profiles.Select((profile, i) => (profile.Name, Line(i == 4 ? moved : profile.Port, ftp)))]);
        (await broker.ControlAsync(Cancel, "reload")).OrThrow();

        Assert.True((await cut.EndAsync(Cancel)).WasReset);
        foreach (var result in await Task.WhenAll(downloads))
            result.OrThrow();
        foreach (var (name, _) in profiles.FindAll(profile => profile.Name != "p4"))
            Assert.Equal(hash, await HashAsync(broker.Folder[name]));
        var listening = ProcessTable.ListeningPortsOf(broker.Id);
        Assert.Contains(moved, listening);
        Assert.DoesNotContain(profiles[4].Port, listening);

        // What can't be meant changes nothing.
        broker.Configure([.. profiles.Select(profile => (profile.Name, "CulvertLocalForward nonsense"))]);
        Assert.Equal(1, (await broker.ControlAsync(Cancel, "reload")).ExitCode);
        Assert.Superset(listening.ToHashSet(), ProcessTable.ListeningPortsOf(broker.Id).ToHashSet());
        await broker.UntilUpAsync(10, 10, Cancel);
    }

    [Fact]
    public async Task A_server_that_dies_and_comes_back_finds_the_same_ports_and_waiting_clients_are_served()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        RandomFile.Write(Path.Combine(ftp.PublicFolder, "file"), FileLength);
        var (port, remote) = (FreePort.Next(), FreePort.Next());
        var lines = Line(port, ftp) + string.Create(CultureInfo.InvariantCulture, $"\n  CulvertRemoteForward ftp/{remote}:127.0.0.1:{ftp.Port}\n  CulvertRestoreWait 60");
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", lines)], Cancel);
        await broker.UntilUpAsync(1, 2, Cancel);
        await using var idle = await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, port), Cancel);
        await using var cut = await HeldDownload.StartAsync(ftp, port, "file", Cancel);
        await broker.UntilAsync(transfers => transfers.GetArrayLength() == 1, Cancel, "list-transfers");
        ssh.KillAll();
        // Who was in the middle of something sees that it's cut, who wasn't hears why the session ends.
        Assert.True((await cut.EndAsync(Cancel)).WasReset);
        Assert.StartsWith("421 The connection to the FTP server was lost", await idle.ReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.Null(await idle.ReplyAsync(Cancel));
        await broker.UntilAsync(connections => connections[0].GetProperty("state").GetString() == "restoring", Cancel, "list-connections");
        var waiting = DownloadAsync(ftp, port, "file", broker.Folder["waited"]);
        await broker.UntilAsync(clients => clients.GetArrayLength() == 1, Cancel, "list-clients");
        await ssh.StartAgainAsync(Cancel);
        broker.Signal(ProcessTable.SignalUser1);
        (await waiting).OrThrow();
        Assert.Equal(await HashAsync(Path.Combine(ftp.PublicFolder, "file")), await HashAsync(broker.Folder["waited"]));
        (await RetriedAsync(() => DownloadAsync(ftp, remote, "file", broker.Folder["remote"]))).OrThrow();
        Assert.Equal(1, (await broker.AskAsync(Cancel, "list-connections"))[0].GetProperty("reconnects").GetInt32());
    }

    [Fact]
    public async Task Another_user_is_refused_by_the_kernels_word_even_where_the_mode_would_let_him_in()
    {
        if (!Peers.IsRoot)
            Assert.Skip("needs root to become another user");
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", "")], Cancel);
        var folder = Path.GetDirectoryName(broker.Socket)!;
        string[] request = ["--silent", "--unix-socket", broker.Socket, "--write-out", "%{http_code}", "http://broker/v1/status"];
        var curl = new CommandLine(Peers.Require("curl"), request);
        var stranger = curl.Behind(Peers.Require("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups");
        Assert.EndsWith("000", (await Command.RunAsync(stranger, Cancel)).Output, StringComparison.Ordinal);
        File.SetUnixFileMode(folder, (UnixFileMode)0x1FF);
        File.SetUnixFileMode(broker.Socket, (UnixFileMode)0x1B6);
        Assert.EndsWith("403", (await Command.RunAsync(stranger, Cancel)).Output, StringComparison.Ordinal);
        // The same way works for the one whose broker it is: the refusal is about who asks.
        Assert.EndsWith("200", (await Command.RunAsync(curl, Cancel)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_another_user_listens_with_at_our_brokers_place_is_not_spoken_to()
    {
        if (!Peers.IsRoot)
            Assert.Skip("needs root to become another user");
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0x1FF);
        var place = folder["broker.sock"];
        using var thief = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        thief.Bind(new UnixDomainSocketEndPoint(place));
        thief.Listen();
        File.SetUnixFileMode(place, (UnixFileMode)0x1B6);
        // Root's: it could be the machine's own.
        var asked = Command.RunAsync(CulvertProcess.Command(["ctl", "--socket", place, "status"]).Behind(Peers.Require("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"), Cancel);
        using (var connection = await thief.AcceptAsync(Cancel))
        {
            Assert.True(await connection.ReceiveAsync(new byte[100], Cancel) > 0);
            thief.Dispose();
        }
        Assert.Equal(1, (await asked).ExitCode);
        // Somebody else's, who has the place first.
        await using var other = ChildProcess.Start(new CommandLine(Peers.Require("setpriv"),
        [
            "--reuid=65533", "--regid=65533", "--clear-groups", Peers.Require("python3"), "-c",
            "import os,socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\nos.chmod(sys.argv[1],0o666)\ns.listen()\nos.rename(sys.argv[1],sys.argv[2])\nc=s.accept()[0]\nprint('heard',len(c.recv(100)),flush=True)",
            folder["new.sock"], folder["other.sock"],
        ]));
        while (!File.Exists(folder["other.sock"]))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancel);
        var refused = await Command.RunAsync(CulvertProcess.Command(["ctl", "--socket", folder["other.sock"], "status"]).Behind(Peers.Require("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"), Cancel);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("belongs to another user, and isn't spoken to", refused.Output, StringComparison.Ordinal);
        await other.WaitForExitAsync(Cancel);
        Assert.Equal("heard 0", other.Output.Trim());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_service_manager_hears_READY_when_a_client_can_come_in_and_not_before(bool isAbstract)
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        RandomFile.Write(Path.Combine(ftp.PublicFolder, "file"), 100_000);
        using var folder = new TemporaryFolder();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var name = isAbstract ? $"@culvert-{Guid.NewGuid():N}" : folder["notify"];
        manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        var port = FreePort.Next();
        await using var broker = await BrokerProcess.StartAsync(
            ssh, [("one", Line(port, ftp)), ("closed", "Port 1")], Cancel, new() { ["NOTIFY_SOCKET"] = name, ["WATCHDOG_USEC"] = "4000000" });
        var said = new List<string>();
        while (!said.Exists(state => state.Contains("READY=1", StringComparison.Ordinal)))
            said.Add(await HearAsync(manager));
        (await DownloadAsync(ftp, port, "file", broker.Folder["got"])).OrThrow();
        // One profile can't be had, and that's no reason to keep the others: its cause is told.
        Assert.Contains("closed restoring (ssh: connect to host 127.0.0.1 port 1: Connection refused)", said[^1], StringComparison.Ordinal);
        await HearUntilAsync(manager, "WATCHDOG=1");
        broker.Signal(ProcessTable.SignalHangUp);
        Assert.Matches(@"RELOADING=1\nMONOTONIC_USEC=\d+\n", await HearUntilAsync(manager, "RELOADING=1"));
        await HearUntilAsync(manager, "READY=1");
        (await broker.ControlAsync(Cancel, "stop")).OrThrow();
        await HearUntilAsync(manager, "STOPPING=1");
    }

    [Fact]
    public async Task A_server_that_fell_silent_is_noticed_at_once_when_somebody_asks()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        // Without keepalives nobody else would notice.
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", "ServerAliveInterval 0")], Cancel);
        await broker.UntilUpAsync(1, 0, Cancel);
        // One that answers stays.
        broker.Signal(ProcessTable.SignalUser1);
        ssh.FreezeAll();
        broker.Signal(ProcessTable.SignalUser1);
        await broker.UntilAsync(connections => connections[0].GetProperty("state").GetString() == "restoring", Cancel, "list-connections");
        ssh.ThawAll();
        broker.Signal(ProcessTable.SignalUser1);
        await broker.UntilUpAsync(1, 0, Cancel);
        await broker.WaitForAsync(new("not responding"), Cancel);
    }

    [Fact]
    public async Task A_lost_link_ends_a_broker_that_was_told_so()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", "")], Cancel, null, "--exit-on-loss");
        await broker.UntilUpAsync(1, 0, Cancel);
        ssh.KillAll();
        Assert.Equal(255, await broker.WaitForExitAsync(Cancel));
    }

    [Fact]
    public async Task The_one_shot_command_comes_back_with_reconnect_and_ends_without()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        RandomFile.Write(Path.Combine(ftp.PublicFolder, "file"), 100_000);
        using var folder = new TemporaryFolder();
        var tunnel = string.Create(CultureInfo.InvariantCulture, $"ftp/127.0.0.1:0:127.0.0.1:{ftp.Port}");
        await using var once = await CulvertProcess.StartAsync(ssh, Cancel, "-L", tunnel);
        await using var lasting = await CulvertProcess.StartAsync(ssh, Cancel, "--reconnect", "-L", tunnel);
        ssh.KillAll();
        Assert.Equal(255, await once.WaitForExitAsync(Cancel));
        await ssh.StartAgainAsync(Cancel);
        ProcessTable.Signal(lasting.Id, ProcessTable.SignalUser1);
        (await DownloadAsync(ftp, lasting.Port, "file", folder["got"])).OrThrow();
        await lasting.WaitForAsync(new("is restored"), Cancel);
        lasting.Interrupt();
        Assert.Equal(0, await lasting.WaitForExitAsync(Cancel));
    }

    private static async Task<CommandResult> RetriedAsync(Func<Task<CommandResult>> attempt)
    {
        while (true)
        {
            var result = await attempt();
            if (result.Succeeded)
                return result;
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Cancel);
        }
    }

    private static async Task<string> HearAsync(Socket manager)
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, Cancel));
    }

    private static async Task<string> HearUntilAsync(Socket manager, string word)
    {
        while (true)
        {
            var heard = await HearAsync(manager);
            if (heard.Contains(word, StringComparison.Ordinal))
                return heard;
        }
    }
}
