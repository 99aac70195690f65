using Culvert.Interop.Conformance;
using Culvert.Interop.Processes;
using Culvert.Interop.Servers;
using Culvert.Ssh.Crypto;
using Culvert.TestKit.Proof;
using Xunit;

namespace Culvert.Interop.Transport;

/// <summary>The page about servers and clients is complete.</summary>
[Collection(LastTests.Name)]
public sealed class SshInteropPageTests
{
    [Fact]
    public async Task Page_has_no_gap()
    {
        if (ProofLog.Folder is null)
        {
            Assert.Skip("the page is about whole runs of ./test.sh");
        }

        Peers.RequireRoot("without it some servers don't run");
        var (tables, gaps) = SshInteropPage.Render(ProofLog.Read());
        Assert.Empty(gaps);
        if (InteropConfiguration.IsLong || Environment.GetEnvironmentVariable("CULVERT_PROOF") == "1")
        {
            await SshInteropPage.WriteAsync(tables, TestContext.Current.CancellationToken);
        }
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
