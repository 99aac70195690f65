using System.Globalization;
using System.Text.Json;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>The broker and its control program under the names of SSH Tectia's, and what a broker shows to others: metrics, and a log that is rotated.</summary>
public sealed class BrokerNamesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Under_Tectias_names_a_broker_is_started_told_and_ended()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        ftp.Offer("file", 100_000);
        using var folder = new TemporaryFolder();
        (await CulvertProcess.RunAsync(Cancel, "install-names", folder["names"])).OrThrow();
        var socket = folder["run/broker.sock"];
        Task<CommandResult> RunAsync(string name, params IReadOnlyList<string> words) => Command.RunAsync(CulvertProcess.Command(["-a", socket, .. words]) with { Program = folder["names/" + name] }, Cancel);

        Assert.Equal(1, (await RunAsync("ssh-broker-ctl", "status")).ExitCode);
        var port = FreePort.Next();
        folder.Write("ssh_config", string.Create(CultureInfo.InvariantCulture, $"""
            IgnoreUnknown Culvert*
            Host one
              HostName {ssh.Address}
              Port {ssh.Port}
              User {ssh.User}
              IdentityFile {ssh.Keys.PrivateKey(TestKeys.Client)}
              UserKnownHostsFile {ssh.KnownHosts}
              CulvertLocalForward ftp/127.0.0.1:{port}:127.0.0.1:{ftp.Port}

            """));
        (await RunAsync("ssh-broker-g3", "-l", folder["log"], "--pid-file", folder["pid"], "-F", folder["ssh_config"], "--host", "one")).OrThrow();
        var id = int.Parse(await File.ReadAllTextAsync(folder["pid"], Cancel), CultureInfo.InvariantCulture);
        // A second one isn't started: what was wanted is there.
        Assert.Contains($"process {id}", (await RunAsync("ssh-broker-g3")).OrThrow().Output, StringComparison.Ordinal);
        Assert.StartsWith("127.0.0.1", (await RunAsync("ssh-broker-ctl", "config-value", "profiles/one/host")).OrThrow().Output, StringComparison.Ordinal);
        while (!(await RunAsync("ssh-broker-ctl", "list-connections", "-s")).OrThrow().Output.Contains("\tup\t", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Cancel);
        var target = FtpTarget.Through(ftp, port);
        (await Command.RunAsync(new CommandLine(Peers.Require("curl"), [.. Curl.Arguments(target, TransferMode.Epsv), "--output", folder["got"], Curl.Url(target, FtpServer.PublicName + "/file")]), Cancel)).OrThrow();

        // Who rotates logs moves the file away and says so.
        File.Move(folder["log"], folder["log.1"]);
        ProcessTable.Signal(id, ProcessTable.SignalHangUp);
        while (!File.Exists(folder["log"]) || !(await File.ReadAllTextAsync(folder["log"], Cancel)).Contains("broker.reloaded", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);
        Assert.Contains("tunnel.opened", await File.ReadAllTextAsync(folder["log.1"], Cancel), StringComparison.Ordinal);
        (await RunAsync("ssh-broker-g3", "--reconfig")).OrThrow();

        (await RunAsync("ssh-broker-g3", "--exit")).OrThrow();
        Assert.False(File.Exists(socket));
        Assert.False(File.Exists(folder["pid"]));
        Assert.Contains("broker.stopped", await File.ReadAllTextAsync(folder["log"], Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_agree_with_what_happened_and_others_than_this_machine_do_not_see_them()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        ftp.Offer("file", 1_000_000);
        var (port, metrics) = (FreePort.Next(), FreePort.Next());
        await using var broker = await BrokerProcess.StartAsync(
            ssh, [("one", string.Create(CultureInfo.InvariantCulture, $"CulvertLocalForward ftp/127.0.0.1:{port}:127.0.0.1:{ftp.Port}"))], Cancel, null,
            "--metrics-port", metrics.ToString(CultureInfo.InvariantCulture));
        await broker.UntilUpAsync(1, 1, Cancel);
        var target = FtpTarget.Through(ftp, port);
        for (var i = 0; i < 3; i++)
            (await Command.RunAsync(new CommandLine(Peers.Require("curl"), [.. Curl.Arguments(target, TransferMode.Epsv), "--output", broker.Folder["got"], Curl.Url(target, FtpServer.PublicName + "/file")]), Cancel)).OrThrow();
        await broker.UntilAsync(status => status.GetProperty("clients").GetInt32() == 0, Cancel, "status");
        ssh.KillSessions();
        broker.Signal(ProcessTable.SignalUser1);
        await broker.UntilAsync(connections => connections[0].GetProperty("reconnects").GetInt32() == 1, Cancel, "list-connections");

        var page = (await Command.RunAsync(new CommandLine(Peers.Require("curl"), "--silent", "--fail", $"http://127.0.0.1:{metrics}/metrics"), Cancel)).OrThrow().Output;
        foreach (var line in (string[])[
            "culvert_links{state=\"up\"} 1", "culvert_reconnects_total 1", "culvert_sessions 0", "culvert_transfers_total{direction=\"download\",result=\"complete\"} 3",
            "culvert_transfer_bytes_total{direction=\"download\"} 3000000", "culvert_channel_open_duration_seconds_count 6", "culvert_transfer_throughput_bytes_per_second_count{direction=\"download\"} 3"])
        {
            Assert.Contains(line, page.Split('\n'));
        }
        JsonElement connection = (await broker.AskAsync(Cancel, "list-connections"))[0];
        Assert.Contains($"culvert_link_bytes_total{{direction=\"received\",profile=\"one\"}} {connection.GetProperty("received")}", page.Split('\n'));
        // A page in a browser that gave this address a name of its own sees nothing.
        Assert.NotEqual(0, (await Command.RunAsync(new CommandLine(Peers.Require("curl"), "--silent", "--fail", "--header", "Host: elsewhere.example", $"http://127.0.0.1:{metrics}/metrics"), Cancel)).ExitCode);
        Assert.NotEqual(0, (await Command.RunAsync(new CommandLine(Peers.Require("curl"), "--silent", "--max-time", "5", $"http://[::1]:{metrics}/metrics"), Cancel)).ExitCode);
    }
}
