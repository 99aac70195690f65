using System.Collections.Concurrent;
using System.Globalization;
using Culvert.Interop.Clients;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Xunit;

namespace Culvert.Interop.Proofs.Kills;

/// <summary>
/// Somebody dies between the first and the last byte of a transfer, again and again. Whatever the client or Culvert's report calls complete is
/// complete; the same judgement on a plain <c>ssh -L</c> finds files that are cut and called whole.
/// </summary>
public sealed class KillTests
{
    /// <summary>As many as leave two processors busy while the others wait for programs to start and to end.</summary>
    private const int Lanes = 4;

    /// <summary>A kill that misses so often can't be done.</summary>
    private const int MaxMisses = 50;

    private const double Earlier = 0.98;

    [Fact]
    public async Task Nothing_that_is_cut_is_called_complete()
    {
        Peers.RequireRoot("pure-ftpd and the sessions of the others run as other users");
        var cancellation = TestContext.Current.CancellationToken;
        ProofRun.Tell($"seed {ProofRun.Seed}");
        var began = TimeProvider.System.GetTimestamp();
        var plan = Kill.Plan(ProofRun.Count(shortened: 20, full: 1000));
        var (reports, misses) = await KillAllAsync(plan, cancellation);
        var control = await ControlAsync(Kill.Plan(ProofRun.Count(shortened: 10, full: 80)), cancellation);

        await PageOf(reports, misses, control, TimeProvider.System.GetElapsedTime(began)).SaveAsync("kills.md", cancellation);
        Assert.Equal(plan.Count, reports.Count);
        Assert.All(reports, report => Assert.False(report.IsLie, $"seed {ProofRun.Seed}: {report}"));
        Assert.Contains(control, report => report is { IsLie: true, Kill.Upload: false });
        Assert.Contains(control, report => report is { IsLie: true, Kill.Upload: true });
    }

    private static async Task<(IReadOnlyCollection<KillReport> Reports, int Misses)> KillAllAsync(IReadOnlyList<Kill> plan, CancellationToken cancellation)
    {
        var queue = new ConcurrentQueue<Kill>(plan);
        var reports = new ConcurrentBag<KillReport>();
        var (misses, lastNumber) = (0, plan.Count);
        (string Ftp, string Active)[] lanes =
            [(FtpServer.Vsftpd, "convert"), (FtpServer.ProFtpd, "forward"), (FtpServer.PureFtpd, "convert"), (FtpServer.Vsftpd, "forward")];
        await Task.WhenAll(lanes.Take(Lanes).Select(WorkAsync));
        return (reports, misses);

        async Task WorkAsync((string Ftp, string Active) how)
        {
            await using var lane = await KillLane.StartAsync(how.Ftp, how.Active, cancellation);
            foreach (var (upload, witness) in new[] { (false, Witness.Curl), (true, Witness.Curl), (false, Witness.Raw), (true, Witness.Raw) })
            {
                var whole = new Kill(Interlocked.Increment(ref lastNumber), Victim.Nobody, upload, TransferMode.Epsv, witness, 0.5, true);
                var undisturbed = await lane.RunAsync(whole, cancellation);
                Assert.True(undisturbed is { ClientSaysWhole: true, LogSaysWhole: true, Same: true }, undisturbed.ToString());
            }

            while (queue.TryDequeue(out var next))
            {
                var kill = next;
                var report = await lane.RunAsync(kill, cancellation);
                for (var missed = 0; !report.Landed; missed++)
                {
                    Assert.True(missed < MaxMisses, $"never lands: {report}");
                    Interlocked.Increment(ref misses);
                    // Each time a little earlier: a busy machine looks too late.
                    kill = kill with { Number = Interlocked.Increment(ref lastNumber), Point = kill.Point * Earlier };
                    report = await lane.RunAsync(kill, cancellation);
                }

                reports.Add(report);
            }
        }
    }

    private static async Task<IReadOnlyList<KillReport>> ControlAsync(IReadOnlyList<Kill> plan, CancellationToken cancellation)
    {
        await using var lane = await PlainLane.StartAsync(cancellation);
        List<KillReport> reports = [];
        foreach (var kill in plan)
        {
            reports.Add(await lane.RunAsync(kill, cancellation));
        }

        return reports;
    }

    private static ProofPage PageOf(
        IReadOnlyCollection<KillReport> reports, int misses, IReadOnlyList<KillReport> control, TimeSpan took) =>
        new ProofPage("Kills: what is cut never looks whole", nameof(KillTests))
            .Paragraph(string.Create(CultureInfo.InvariantCulture, $"""
                {reports.Count} transfers of 16 MiB were struck between their first and their last byte ({misses} more kills came too early or too late, and were repeated),
                in {took.TotalMinutes:0.0} minutes. Each was judged twice: by its client (curl's exit status; the tests' own client, which trusts every end of the data
                and every 2xx) and by Culvert's report. Half of the kills of a client in a download come when it has read nearly all: then the last bytes may be in its memory and on no disk. A lie is a transfer that one of them calls complete and whose copy differs from its source.
                **Lies: {reports.Count(report => report.IsLie)}.** Seed {ProofRun.Seed}.
                """))
            .Table(
                ["victim", "direction", "mode", "kills", "client says complete", "Culvert says complete", "Culvert says unverified", "copy is the same", "lies"],
                reports.GroupBy(report => (report.Kill.Victim, report.Kill.Upload, report.Kill.Mode)).OrderBy(group => group.Key)
                    .Select(group => (IReadOnlyList<object>)[
                        Words(group.Key.Victim), group.Key.Upload ? "upload" : "download", group.Key.Mode.ToString().ToUpperInvariant(), group.Count(),
                        group.Count(report => report.ClientSaysWhole == true), group.Count(report => report.LogSaysWhole),
                        group.Count(report => report.LogSays == "unverified"), group.Count(report => report.Same), group.Count(report => report.IsLie)]))
            .Paragraph("""
                Complete with the same copy is the truth: all bytes had left their source when the kill landed. Where the client is the victim it was curl in half of
                the cases (killed; it says nothing any more) and in the other half the tests' own client, which resets its data socket and reads on.
                """)
            .Table(["FTP server and mode", "kills"], reports.GroupBy(report => report.Lane).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => (IReadOnlyList<object>)[group.Key, group.Count()]))
            .Heading("The control: the same on a plain `ssh -L`")
            .Table(
                ["victim", "direction", "kills", "lies found"],
                control.GroupBy(report => (Victim: Plain(report.Kill.Victim), report.Kill.Upload)).OrderBy(group => group.Key)
                    .Select(group => (IReadOnlyList<object>)[
                        group.Key.Victim, group.Key.Upload ? "upload" : "download", group.Count(), group.Count(report => report.IsLie)]));

    private static string Words(Victim victim) => victim switch
    {
        Victim.Client => "client",
        Victim.SshSession => "sshd session",
        Victim.FtpServer => "FTP server session",
        Victim.Link => "Culvert's link",
        _ => "Culvert (SIGKILL)",
    };

    private static string Plain(Victim victim) => victim is Victim.Link or Victim.Culvert ? "ssh (SIGKILL)" : Words(victim);
}
