using Culvert.Interop.Namespaces;
using Xunit;

namespace Culvert.Interop.Leaks;

/// <summary>Two hosts that reach each other freely, with a counter of what goes beside SSH.</summary>
public sealed class OpenHosts : Hosts
{
    internal override Others OtherPackets => Others.Pass;
}

/// <summary>Where everything is reachable, a data connection outside of the tunnel would succeed silently: the counter sees it.</summary>
public sealed class OpenHostsTests(OpenHosts hosts) : TransferMatrix(hosts), IClassFixture<OpenHosts>
{
    [Theory]
    [MemberData(nameof(ControlCells))]
    public async Task Without_rewriting_the_counter_sees_the_leak(string direction, string mode, string tunnel)
    {
        var (transfers, foreignPackets) = await TryWithoutRewritingAsync(direction, mode, tunnel);
        // With EPSV too: the 229 names no address, so curl tries its own end of the tunnel, in vain, and then PASV.
        Assert.All(transfers, transfer => Assert.True(transfer.Succeeded, transfer.ToString()));
        Assert.True(foreignPackets > 0, "two files were carried outside of the tunnel and the counter saw nothing");
    }
}
