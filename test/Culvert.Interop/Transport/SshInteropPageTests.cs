using Culvert.Interop.Conformance;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Culvert.Ssh.Crypto;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Transport;

/// <summary>The page about servers and clients is complete, and says nothing that isn't so now. What is proved beyond it doesn't make it wrong.</summary>
[Collection(LastTests.Name)]
public sealed class SshInteropPageTests
{
    [Fact]
    public async Task Page_has_no_gap_and_claims_nothing_that_was_not_proved()
    {
        if (ProofLog.Folder is null)
        {
            Assert.Skip("the page is about whole runs of ./test.sh");
        }

        Peers.RequireRoot("without it some servers don't run");
        var proved = ProofLog.Read();
        var (tables, gaps) = SshInteropPage.Render(proved);
        Assert.Empty(gaps);
        if (InteropConfiguration.IsLong || Environment.GetEnvironmentVariable("CULVERT_PROOF") == "1")
        {
            await SshInteropPage.WriteAsync(tables, TestContext.Current.CancellationToken);
        }

        var claims = SshInteropPage.Claims(await File.ReadAllTextAsync(SshInteropPage.Path, TestContext.Current.CancellationToken)).ToArray();
        Assert.NotEmpty(claims);
        Assert.Empty(claims.Except(proved));
    }

    /// <summary>What is written is read as the same claims, and one that nobody proved is seen.</summary>
    [Fact]
    public void Claims_are_those_of_the_cells()
    {
        Cell[] cells = [new("Key exchange", "curve25519-sha256", SshServer.Dropbear, SshInteropPage.Yes), new(SshInteropPage.Runs, "combinations", SshServer.Dropbear, "72")];
        var (text, _) = SshInteropPage.Render([cells[0], cells[1]]);
        Assert.Equal([cells[0]], SshInteropPage.Claims("# Title\n\n" + text));
        Assert.Equal([cells[0]], SshInteropPage.Claims(text).Except([cells[1]]));
    }

    [Fact]
    public void Gap_is_named()
    {
        var (text, gaps) = SshInteropPage.Render([new("Key exchange", "curve25519-sha256", SshServer.Dropbear, SshInteropPage.Yes)]);
        Assert.Contains("| curve25519-sha256 | – | – | yes | – | – |", text, StringComparison.Ordinal);
        Assert.Contains($"Key exchange: nothing about {SshServer.Paramiko}", gaps);
        Assert.DoesNotContain($"Key exchange: nothing about {SshServer.Dropbear}", gaps);
        Assert.Equal(12, Algorithms.Of(AlgorithmKind.KeyExchange).Count);
    }
}
