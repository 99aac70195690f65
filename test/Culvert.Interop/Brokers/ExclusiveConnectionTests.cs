using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Proofs;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>Which tunnels share a connection, as the server counts them.</summary>
public sealed class ExclusiveConnectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Profile(SshServer ssh, FtpServer ftp, string id, bool isExclusive, params IReadOnlyList<int> ports) => string.Create(CultureInfo.InvariantCulture, $"""
        <profile id="{id}" host="{ssh.Address}" port="{ssh.Port}" user="{ssh.User}" connect-on-startup="yes">
          <exclusive-connection enable="{(isExclusive ? "yes" : "no")}"/>
          <tunnels>{string.Concat(ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"""<local-tunnel type="ftp" listen-port="{port}" dst-host="127.0.0.1" dst-port="{ftp.Port}"/>""")))}</tunnels>
        </profile>
        """);

    [Fact]
    public async Task The_server_counts_a_login_for_each_tunnel_of_an_exclusive_profile_and_one_for_all_of_another()
    {
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        ftp.Offer("file", 20_000_000);
        using var home = new UserHome(ssh);
        var ports = Enumerable.Range(0, 6).Select(_ => FreePort.Next()).ToList();
        await WriteAsync(ports[2], ports[3]);
        await using var broker = ChildProcess.Start(home.Command(CulvertProcess.Program, "broker"));
        await UntilAsync(connections => connections.Count == 3 && connections.TrueForAll(connection => connection.GetProperty("state").GetString() == "up"));
        await LoginsAsync(3);

        // A transfer in each of the exclusive ones, and one that shares; then one of the tunnels is another in the file.
        await using var stays = await HeldDownload.StartAsync(ftp, ports[2], "file", Cancel);
        await using var shares = await HeldDownload.StartAsync(ftp, ports[0], "file", Cancel);
        await using var goes = await HeldDownload.StartAsync(ftp, ports[3], "file", Cancel);
        await WriteAsync(ports[2], ports[4]);
        (await ControlAsync("reload")).OrThrow();
        Assert.True((await goes.EndAsync(Cancel)).WasReset);
        Assert.Equal((false, true), Of(await stays.EndAsync(Cancel)));
        await UntilAsync(connections => connections.Count == 3 && connections.TrueForAll(connection => connection.GetProperty("state").GetString() == "up"));
        await LoginsAsync(4);

        // Closing one connection by its number leaves the others; a tunnel that's opened by hand comes with one of its own, and takes it along.
        var connections = await ListAsync();
        var first = connections.First(connection => connection.GetProperty("exclusive").GetBoolean());
        (await ControlAsync("close-connection", first.GetProperty("id").GetRawText())).OrThrow();
        Assert.Equal(2, (await ListAsync()).Count(connection => connection.GetProperty("state").GetString() == "up"));
        (await ControlAsync("open-tunnel-listener", "--type", "ftp", Text(ports[5]), "own", "127.0.0.1", Text(ftp.Port))).OrThrow();
        await using (var byHand = await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, ports[5]), Cancel))
            await LoginsAsync(5);
        (await ControlAsync("close-tunnel-listener", ":" + Text(ports[5]))).OrThrow();
        Assert.Equal(3, (await ListAsync()).Count);
        Assert.Equal((false, true), Of(await shares.EndAsync(Cancel)));

        // sshd lets a client in before it says so.
        async Task LoginsAsync(int count)
        {
            int said;
            while ((said = Regex.Count(ssh.Output, "Accepted publickey for")) < count)
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);
            Assert.Equal(count, said);
        }

        Task WriteAsync(params IReadOnlyList<int> exclusive) => File.WriteAllTextAsync(home.Configuration, $"<profiles>{Profile(ssh, ftp, "own", true, exclusive)}{Profile(ssh, ftp, "one", false, ports[0], ports[1])}</profiles>", Cancel);

        Task<CommandResult> ControlAsync(params IReadOnlyList<string> words) => Command.RunAsync(home.Command(CulvertProcess.Program, ["ctl", .. words]), Cancel);

        async Task<List<JsonElement>> ListAsync() => [.. JsonDocument.Parse((await ControlAsync("--json", "list-connections")).OrThrow().Output).RootElement.EnumerateArray()];

        async Task UntilAsync(Predicate<List<JsonElement>> holds)
        {
            while (!File.Exists(home["culvert/broker.sock"]) || !holds(await ListAsync()))
            {
                Assert.False(broker.HasExited, broker.Output);
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Cancel);
            }
        }

        static (bool WasReset, bool IsComplete) Of((bool WasReset, string? Reply) end) => (end.WasReset, end.Reply?.StartsWith('2') == true);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
