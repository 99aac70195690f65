using Culvert.Interop.Clients;
using Culvert.Interop.Matrix;
using Culvert.Interop.Servers;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Conformance;

/// <summary>What the servers offer in FEAT is what there is to classify: a feature that neither the command table nor this list knows fails, so
/// that a new one can't slip through unlooked at.</summary>
public sealed class FeatureTests(Settings settings) : IClassFixture<Settings>
{
    /// <summary>The table on the page.</summary>
    public const string Table = "Features";

    /// <summary>Features that are no verbs, and concern no data connection.</summary>
    private static readonly string[] Harmless = ["UTF8", "TVFS", "IDLE"];

    public static TheoryData<string> Servers => [.. FtpServer.All];

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Each_feature_is_classified_and_passed_or_left_out(string server)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var tunnelled = await settings.GetAsync(new Setting(server, SshServer.OpenSsh, "-L", "convert", IPv6: false));
        var offered = await FeaturesAsync(FtpTarget.Direct(tunnelled.Ftp), cancellation);
        var passed = await FeaturesAsync(tunnelled.Target, cancellation);
        Assert.NotEmpty(offered);
        var cells = new List<(string Label, string Becomes)>();
        foreach (var line in offered)
        {
            var label = LabelOf(line);
            var row = CommandRow.All.SingleOrDefault(row => row.Verb == label);
            Assert.True(row is not null || Harmless.Contains(label), $"{server} offers '{line}', which nobody has classified");
            var hidden = row is { Policy: "refuse" };
            Assert.Equal(!hidden, passed.Contains(line));
            cells.Add((label, hidden ? "left out" : "passed"));
        }

        Assert.Empty(passed.Except(offered)); // nothing is promised that the server doesn't have
        foreach (var (label, becomes) in cells)
        {
            ProofLog.Add(Table, label, "becomes", becomes);
            ProofLog.Add(Table, label, "offered by", server);
        }
    }

    private static async Task<string[]> FeaturesAsync(FtpTarget target, CancellationToken cancellation)
    {
        await using var session = await RawSession.LoginAsync(target, cancellation);
        var reply = await session.AskAsync("FEAT");
        return [.. RawSession.Expect("211", reply).Split('\n')[1..^1].Where(line => line.Trim().Length > 0)];
    }

    private static string LabelOf(string line)
    {
        var text = line.StartsWith("211-", StringComparison.Ordinal) ? line[4..] : line;
        return text.Trim().Split([' ', ';'])[0].ToUpperInvariant();
    }
}
