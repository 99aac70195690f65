using System.Globalization;
using System.Text.Json;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Proofs;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>The options of the control program's verbs: what each shows of, or does to, transfers and ports that are alive.</summary>
public sealed class BrokerVerbTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static List<JsonElement> Lines(CommandResult result) => [.. result.OrThrow().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    [Fact]
    public async Task Each_option_shows_or_does_what_it_says()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        ftp.Offer("a-file-with-a-name-that-is-longer-than-a-narrow-column-of-a-table", 20_000_000);
        var (port, other) = (FreePort.Next(), FreePort.Next());
        var line = string.Create(CultureInfo.InvariantCulture, $"CulvertLocalForward ftp/127.0.0.1:{port}:127.0.0.1:{ftp.Port}");
        await using var broker = await BrokerProcess.StartAsync(ssh, [("one", line), ("away", "Port 1")], Cancel);
        await broker.UntilUpAsync(1, 1, Cancel);
        Task<CommandResult> SayAsync(params IReadOnlyList<string> words) => broker.ControlAsync(Cancel, words);
        await using var held = await HeldDownload.StartAsync(ftp, port, "a-file-with-a-name-that-is-longer-than-a-narrow-column-of-a-table", Cancel);
        await using var idle = await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, port), Cancel);
        await broker.UntilAsync(channels => channels.GetArrayLength() == 3, Cancel, "list-channels");

        // Status: for scripts, for people, and in silence.
        Assert.Equal(Text(broker.Id), (await SayAsync("status", "--pid")).OrThrow().Output.TrimEnd());
        Assert.Equal("", (await SayAsync("status", "-q")).OrThrow().Output);
        var all = (await SayAsync("status", "--all")).OrThrow().Output;
        Assert.Contains("Tunnels listening:", all, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{Text(port)}", all, StringComparison.Ordinal);
        Assert.Contains("restoring", all, StringComparison.Ordinal);

        // Connections, their channels, and their server's key.
        var lists = Lines(await SayAsync("--json", "list-connections", "-c"));
        Assert.Equal((2, 3), (lists[0].GetArrayLength(), lists[1].GetArrayLength()));
        Assert.Equal("away", Assert.Single((await broker.AskAsync(Cancel, "list-connections", "--disconnected")).EnumerateArray()).GetProperty("profile").GetString());
        lists = Lines(await SayAsync("--json", "connection-status", "--show-channels", "--write-hostkey=" + broker.Folder["key.pub"], "one"));
        Assert.Equal((1, 3), (lists[0].GetProperty("tunnels").GetArrayLength(), lists[1].GetArrayLength()));
        var known = (await File.ReadAllTextAsync(ssh.KnownHosts, Cancel)).Split(' ', '\n');
        Assert.Contains((await File.ReadAllTextAsync(broker.Folder["key.pub"], Cancel)).Split(' ')[1], known);
        Assert.Equal(1, (await SayAsync("connection-status", "--write-hostkey", broker.Folder["none"], "away")).ExitCode);
        Assert.False(File.Exists(broker.Folder["none"]));
        (await SayAsync("probe-key", "--write-hostkey", broker.Folder["probed.pub"], $"{ssh.Address}#{Text(ssh.Port)}")).OrThrow();
        Assert.Contains((await File.ReadAllTextAsync(broker.Folder["probed.pub"], Cancel)).Split(' ')[1], known);

        // Profiles: some, and all that's known.
        Assert.Equal("away", Assert.Single((await broker.AskAsync(Cancel, "list-profiles", "away", "nobody")).EnumerateArray()).GetProperty("id").GetString());
        Assert.Contains("Connect on startup:", (await SayAsync("list-profiles", "-v", "one")).OrThrow().Output, StringComparison.Ordinal);

        // Tables: cut, whole, and for programs.
        Assert.DoesNotContain("-of-a-table", (await SayAsync("list-transfers")).OrThrow().Output, StringComparison.Ordinal);
        Assert.Contains("-of-a-table", (await SayAsync("list-transfers", "-w")).OrThrow().Output, StringComparison.Ordinal);
        var cells = (await SayAsync("list-transfers", "-s")).OrThrow().Output.TrimEnd('\n').Split('\t');
        Assert.Equal(("one", "RETR", 8), (cells[1], cells[2], cells.Length));

        // The level reaches the log.
        Assert.Equal("debug2", (await broker.AskAsync(Cancel, "debug", "5")).GetProperty("level").GetString());
        Assert.Equal("debug2", (await broker.AskAsync(Cancel, "debug")).GetProperty("level").GetString());
        Assert.DoesNotContain("kex: algorithm", broker.Output, StringComparison.Ordinal);
        (await SayAsync("probe-key", $"{ssh.Address}#{Text(ssh.Port)}")).OrThrow();
        await broker.WaitForAsync(new("kex: algorithm"), Cancel);
        Assert.Equal("info", (await broker.AskAsync(Cancel, "debug", "--clear")).GetProperty("level").GetString());

        // The watch shows the same again and again, with the transfers.
        await using (var watch = ChildProcess.Start(CulvertProcess.Command(["ctl", "--socket", broker.Socket, "--watch", "list-connections"])))
        {
            while (watch.Output.Split('\n').Count(shown => shown.Contains("RETR", StringComparison.Ordinal) && shown.Contains("MB/s", StringComparison.Ordinal)) < 2)
            {
                Assert.False(watch.HasExited, watch.Output);
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Cancel);
            }
            Assert.Contains("restoring", watch.Output, StringComparison.Ordinal);
        }
        Assert.Equal(2, (await SayAsync("--watch", "stop")).ExitCode);

        // A client that is disconnected is gone with its transfer; the other one never notices.
        var clients = await broker.UntilAsync(clients => clients.GetArrayLength() == 2, Cancel, "list-clients");
        (await SayAsync("disconnect-client", clients[0].GetProperty("id").GetRawText())).OrThrow();
        Assert.True((await held.EndAsync(Cancel)).WasReset);
        await broker.UntilAsync(clients => clients.GetArrayLength() == 1, Cancel, "list-clients");
        Assert.StartsWith("2", await idle.AskAsync("NOOP", Cancel), StringComparison.Ordinal);

        // A server that no profile names is connected for a tunnel, and left with it.
        broker.Configure([("one", line), ("away", "Port 1"), ("elsewhere", "")]);
        (await SayAsync("open-tunnel-listener", "--type", "ftp", Text(other), "elsewhere", "127.0.0.1", Text(ftp.Port))).OrThrow();
        await using (await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, other), Cancel))
            Assert.Equal("up", (await broker.AskAsync(Cancel, "connection-status", "elsewhere")).GetProperty("state").GetString());
        (await SayAsync("reload")).OrThrow();
        Assert.Equal("up", (await broker.AskAsync(Cancel, "connection-status", "elsewhere")).GetProperty("state").GetString());
        (await SayAsync("close-tunnel-listener", ":" + Text(other))).OrThrow();
        Assert.Equal(1, (await SayAsync("connection-status", "elsewhere")).ExitCode);
        Assert.DoesNotContain(other, ProcessTable.ListeningPortsOf(broker.Id));

        // What isn't offered says so.
        var absent = await SayAsync("generate-key");
        Assert.Equal(2, absent.ExitCode);
        Assert.Contains("ssh-keygen", absent.Output, StringComparison.Ordinal);
        Assert.Contains("--write-hostkey=FILE", (await SayAsync("probe-key", "--help")).OrThrow().Output, StringComparison.Ordinal);
    }
}
