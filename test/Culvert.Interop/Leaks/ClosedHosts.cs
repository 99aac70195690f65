using Culvert.Interop.Namespaces;
using Xunit;

namespace Culvert.Interop.Leaks;

/// <summary>Two hosts that reach each other by nothing but SSH.</summary>
public sealed class ClosedHosts : Hosts
{
    internal override Others OtherPackets => Others.Refused;
}

/// <summary>Where nothing but SSH is reachable, a data connection outside of the tunnel can't succeed.</summary>
public sealed class ClosedHostsTests(ClosedHosts hosts) : TransferMatrix(hosts), IClassFixture<ClosedHosts>
{
    [Theory]
    [MemberData(nameof(ControlCells))]
    public async Task Without_rewriting_no_transfer_succeeds(string direction, string mode, string tunnel)
    {
        var (transfers, _) = await TryWithoutRewritingAsync(direction, mode, tunnel);
        Assert.All(transfers, transfer => Assert.False(transfer.Succeeded, transfer.ToString()));
    }
}
