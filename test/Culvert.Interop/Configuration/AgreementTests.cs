using System.Globalization;
using Culvert.Interop.Processes;
using Xunit;

namespace Culvert.Interop.Configuration;

/// <summary>culvert reads ssh_config as OpenSSH does: <c>-G</c> prints the same values, and both refuse the same files at the same lines.</summary>
public sealed class AgreementTests
{
    private const int Generated = 1500;

    /// <summary>The same in every run, unless <c>CULVERT_SEED</c> names another.</summary>
    private static readonly ulong FirstSeed = ulong.TryParse(Environment.GetEnvironmentVariable("CULVERT_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 20261125;

    public static TheoryData<string> Titles => [.. FixedConfigurations.All.Select(configuration => configuration.Title)];

    [Theory]
    [MemberData(nameof(Titles))]
    public async Task A_configuration_means_the_same_to_both(string title)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var configuration = FixedConfigurations.All.Single(one => one.Title == title);
        var (usualSsh, usualCulvert) = await UsualAsync(cancellation);
        using var folder = new TemporaryFolder();
        configuration.WriteTo(folder);
        var ssh = await Agreement.AskOpenSshAsync(configuration, folder, cancellation);
        Assert.Equal(title.StartsWith("refused", StringComparison.Ordinal), ssh.IsRefused);
        Assert.Empty(Agreement.Differences(ssh, Agreement.AskCulvert(configuration, folder), usualSsh, usualCulvert));
    }

    /// <summary>The detector's control: a configuration that is read otherwise is found.</summary>
    [Fact]
    public async Task Another_value_is_a_difference()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (usualSsh, usualCulvert) = await UsualAsync(cancellation);
        using var folder = new TemporaryFolder();
        Configuration.Of("", "Port 1").WriteTo(folder);
        var one = await Agreement.AskOpenSshAsync(Configuration.Of("", ""), folder, cancellation);
        foreach (var other in (string[])["Port 2", "Port 1\nUser x", "Port x", "Port 1\nCiphers aes128-ctr", "Port 1\nMACs ^hmac-sha2-512"])
        {
            Configuration.Of("", other).WriteTo(folder);
            Assert.NotEmpty(Agreement.Differences(one, Agreement.AskCulvert(Configuration.Of("", ""), folder), usualSsh, usualCulvert));
        }
    }

    /// <summary>The program itself, and the files that nobody names.</summary>
    [Fact]
    public async Task The_program_prints_the_same_and_reads_the_usual_files()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (usualSsh, usualCulvert) = await UsualAsync(cancellation);
        foreach (var title in (string[])["usual files", "tokens", "refused: several mistakes", "usual files: none"])
        {
            var configuration = FixedConfigurations.All.Single(one => one.Title == title);
            using var folder = new TemporaryFolder();
            configuration.WriteTo(folder);
            var ssh = await Agreement.AskOpenSshAsync(configuration, folder, cancellation);
            Assert.Empty(Agreement.Differences(ssh, await Agreement.RunCulvertAsync(configuration, folder, cancellation), usualSsh, usualCulvert));
        }
    }

    [Fact]
    public async Task Only_the_defaults_that_are_meant_to_differ_do()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        folder.MakeFolder(".ssh");
        folder.Write(".ssh/config", "");
        folder.Write(Configuration.SystemFile, "");
        var nothing = Configuration.Of("", "");
        var ssh = await Agreement.AskOpenSshAsync(nothing, folder, cancellation);
        var culvert = Agreement.AskCulvert(nothing, folder);
        Assert.Equal(
            ["casignaturealgorithms", "ciphers", "connecttimeout", "exitonforwardfailure", "hostkeyalgorithms", "kexalgorithms", "macs", "pubkeyacceptedalgorithms", "serveraliveinterval"],
            ssh.Lines.Zip(culvert.Lines).Where(pair => pair.First != pair.Second).Select(pair => Agreement.Key(pair.First)).Order());
        Assert.Equal(ssh.Lines.Select(Agreement.Key), culvert.Lines.Select(Agreement.Key));
    }

    [Fact]
    public async Task Generated_configurations_mean_the_same_to_both()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var count = InteropConfiguration.IsLong ? Generated : 100;
        var (usualSsh, usualCulvert) = await UsualAsync(cancellation);
        var report = new AgreementReport(FirstSeed, count);
        for (var seed = FirstSeed; seed < FirstSeed + (ulong)count; seed++)
        {
            var configuration = GeneratedConfigurations.Of(seed);
            if (configuration.UsesUsualFiles && !Peers.IsRoot)
                continue;
            using var folder = new TemporaryFolder();
            configuration.WriteTo(folder);
            var ssh = await Agreement.AskOpenSshAsync(configuration, folder, cancellation);
            report.Add(configuration, ssh, Agreement.Differences(ssh, Agreement.AskCulvert(configuration, folder), usualSsh, usualCulvert));
        }
        Assert.True(report.Differences.Count == 0, 
            $"{report.Differences.Count} of {count} differ:\n{string.Join('\n', report.Differences.Select(difference => difference.Split('\n')[0]))}\n\n{string.Join("\n\n", report.Differences.Take(30))}");
        if (InteropConfiguration.IsLong)
            await report.WriteAsync(cancellation);
    }

    private static async Task<(Reading Ssh, Reading Culvert)> UsualAsync(CancellationToken cancellation)
    {
        using var folder = new TemporaryFolder();
        var nothing = Configuration.Of("", "");
        nothing.WriteTo(folder);
        return (await Agreement.AskOpenSshAsync(nothing, folder, cancellation), Agreement.AskCulvert(nothing, folder));
    }
}
