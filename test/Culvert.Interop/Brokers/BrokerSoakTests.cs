using System.Diagnostics;
using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Program;
using Culvert.Interop.Proofs;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Brokers;

/// <summary>A broker whose server is killed, stopped and restarted at random: it comes back each time, asks nobody, and hammers nobody. In full: 20 profiles for 30 minutes.</summary>
public sealed class BrokerSoakTests
{
    /// <summary>The longest back-off.</summary>
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(30);

    /// <summary>What a transfer may take on top of it.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    /// <summary>A shortened run shares its processors with other tests: there the times are told, not judged.</summary>
    private static bool JudgesTime => InteropConfiguration.IsLong;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_tunnel_carries_a_transfer_within_its_back_off_after_whatever_happened_to_the_server()
    {
        var (count, duration) = (ProofRun.Count(4, 20), InteropConfiguration.IsLong ? TimeSpan.FromMinutes(30) : TimeSpan.FromSeconds(20));
        ProofRun.Tell($"seed {ProofRun.Seed}");
        var choices = new Choices("broker-soak");
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        RandomFile.Write(Path.Combine(ftp.PublicFolder, "file"), 50_000);
        var ports = Enumerable.Range(0, count).Select(_ => FreePort.Next()).ToList();
        await using var broker = await BrokerProcess.StartAsync(ssh, [.. ports.Select((port, i) => ($"p{i}", string.Create(
            CultureInfo.InvariantCulture, $"CulvertLocalForward ftp/127.0.0.1:{port}:127.0.0.1:{ftp.Port}\n  CulvertRestoreWait 60\n  ServerAliveInterval 5")))], Cancel);
        await broker.UntilUpAsync(count, count, Cancel);
        var (descriptors, memory) = (ProcessTable.DescriptorsOf(broker.Id), ProcessTable.MemoryOf(broker.Id));

        var clock = Stopwatch.StartNew();
        var rounds = new Dictionary<string, List<TimeSpan>>();
        while (clock.Elapsed < duration)
        {
            var pause = TimeSpan.FromMilliseconds(500 + choices.Number(7500));
            var (what, choice) = ("", choices.Number(3));
            switch (choice)
            {
                case 0:
                    what = "server and sessions killed, started again";
                    ssh.KillAll();
                    await Task.Delay(pause, TimeProvider.System, Cancel);
                    await ssh.StartAgainAsync(Cancel);
                    break;
                case 1:
                    what = "sessions killed";
                    ssh.KillSessions();
                    break;
                default:
                    what = "server and sessions stopped (SIGSTOP), let go on";
                    ssh.FreezeAll();
                    await Task.Delay(pause, TimeProvider.System, Cancel);
                    ssh.ThawAll();
                    break;
            }
            // From here the server listens.
            var listening = Stopwatch.StartNew();
            await Task.WhenAll(ports.Select((port, i) => DownloadAsync(ftp, port, broker.Folder[$"got{i}"])));
            var took = listening.Elapsed;
            if (!rounds.TryGetValue(what, out var times))
                rounds.Add(what, times = []);
            times.Add(took);
            ProofRun.Tell(string.Create(CultureInfo.InvariantCulture, $"{what}: {took.TotalSeconds:0.0} s"));
            // What the links did meanwhile says why.
            var slow = broker.Output.Split('\n').Where(line => line.Contains(" link.", StringComparison.Ordinal)).TakeLast(5 * count);
            Assert.True(!JudgesTime || took < LongestBackOff + Slack, $"{what}: {took}\n{string.Join('\n', slow)}");
        }
        var log = broker.Output;
        // Nobody was asked, nobody was rejected, and nothing was given up.
        Assert.DoesNotContain("question.asked", log, StringComparison.Ordinal);
        Assert.DoesNotContain("link.failed", log, StringComparison.Ordinal);
        Assert.DoesNotContain("Failed publickey", ssh.Output, StringComparison.Ordinal);
        // A login for each time that a link came up, and hardly more: an attempt that a kill interrupted may have been one.
        var ups = log.Split('\n').Count(line => line.Contains(" link.up ", StringComparison.Ordinal));
        Assert.InRange(ups, count, count * (rounds.Values.Sum(times => times.Count) + 1));

        await broker.UntilAsync(status => status.GetProperty("clients").GetInt32() == 0, Cancel, "status");
        await broker.UntilUpAsync(count, count, Cancel);
        Assert.InRange(ProcessTable.DescriptorsOf(broker.Id), 0, descriptors + 10);
        if (!InteropConfiguration.IsLong)
            return;
        var ticks = ProcessTable.TicksOf(broker.Id);
        await Task.Delay(TimeSpan.FromSeconds(60), TimeProvider.System, Cancel);
        var used = ProcessTable.TicksOf(broker.Id) - ticks;
        await new ProofPage("A broker whose server dies again and again", nameof(BrokerSoakTests))
            .Paragraph(string.Create(CultureInfo.InvariantCulture, $"""
                One broker, {count} profiles with an FTP tunnel each, for {duration.TotalMinutes:0} minutes. Again and again something befalls the SSH server, chosen by the seed; after it, each tunnel
                carries a download of 50,000 bytes. Time is counted from the moment when the server listens again until the last of the {count} downloads is whole. None may take longer than the longest back-off,
                {LongestBackOff.TotalSeconds:0} s, and {Slack.TotalSeconds:0} s more.
                """))
            .Table(["What befell the server", "Times", "Median, s", "Slowest, s"], rounds.OrderBy(round => round.Key, StringComparer.Ordinal).Select(round => (IReadOnlyList<object>)
            [
                round.Key, round.Value.Count, Seconds(round.Value.Order().ElementAt(round.Value.Count / 2)), Seconds(round.Value.Max()),
            ]))
            .Paragraph(string.Create(CultureInfo.InvariantCulture, $"""
                Nobody was asked anything, no login was rejected, no link was given up; the links came up {ups} times in all. File descriptors: {descriptors} before,
                {ProcessTable.DescriptorsOf(broker.Id)} afterwards. Memory: {memory / 1e6:0} MB before, {ProcessTable.MemoryOf(broker.Id) / 1e6:0} MB afterwards.
                With nothing to do for 60 s the broker used {used} hundredths of a second of processor time ({used / 60.0:0.000} % of a core).
                """))
            .SaveAsync("broker.md", Cancel);
        Assert.True(used < 12, $"0.2 % of 60 s are 12 hundredths; it used {used}");

        static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_hundred_profiles_and_three_hundred_tunnels_fit_into_a_hundred_megabytes()
    {
        if (!InteropConfiguration.IsLong)
            Assert.Skip("a part of ./test.sh --long");
        if (File.Exists(CulvertProcess.Program + ".dll"))
            Assert.Skip("the promise is the native binary's, which holds no compiler: CULVERT_BINARY=out/culvert");
        await using var ssh = await SshServer.StartAsync(SshServer.OpenSsh, Cancel);
        await using var ftp = await FtpServer.StartAsync(FtpServer.PyFtpdlib, Cancel);
        var ports = Enumerable.Range(0, 300).Select(_ => FreePort.Next()).ToList();
        await using var broker = await BrokerProcess.StartAsync(ssh, [.. ports.Chunk(3).Select((three, i) => ($"p{i}", string.Join("\n  ", three.Select(port =>
            string.Create(CultureInfo.InvariantCulture, $"CulvertLocalForward ftp/127.0.0.1:{port}:127.0.0.1:{ftp.Port}")))))], Cancel);
        var clock = Stopwatch.StartNew();
        await broker.UntilAsync(status => status.GetProperty("tunnelsListening").GetInt32() == 300, Cancel, "status");
        var listening = clock.Elapsed;
        await broker.UntilUpAsync(100, 300, Cancel);
        var loggedIn = clock.Elapsed;
        foreach (var port in ports)
            await using (await RawFtpClient.LoginAsync(FtpTarget.Through(ftp, port), Cancel)) { }
        var memory = ProcessTable.MemoryOf(broker.Id);
        await new ProofPage("A hundred profiles and three hundred tunnels", nameof(A_hundred_profiles_and_three_hundred_tunnels_fit_into_a_hundred_megabytes))
            .Table(["Figure", "Measured"],
            [
                ["all 300 ports listen after, s", listening.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)],
                ["all 100 connections are logged in after, s", loggedIn.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)],
                ["resident memory after an FTP login through each tunnel, MB", (memory / 1e6).ToString("0", CultureInfo.InvariantCulture)],
            ])
            .SaveAsync("broker-size.md", Cancel);
        Assert.True(memory < 100_000_000, $"{memory / 1e6:0} MB");
    }

    private static async Task DownloadAsync(FtpServer ftp, int port, string to)
    {
        // The first may still come in over a link that is about to be found dead: it hears so, and asks again at once.
        while (true)
        {
            var target = FtpTarget.Through(ftp, port);
            var result = await Command.RunAsync(new CommandLine(Peers.Require("curl"), [.. Curl.Arguments(target, TransferMode.Epsv), "--output", to, Curl.Url(target, FtpServer.PublicName + "/file")]), Cancel);
            if (result.Succeeded)
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancel);
        }
    }
}
