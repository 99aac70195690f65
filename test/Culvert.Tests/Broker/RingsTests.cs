using Culvert.Broker.Config;
using Xunit;

namespace Culvert.Tests.Broker;

public sealed class RingsTests
{
    private static TunnelConfig? Find(string server, string forwards) => Rings.Find(new ConnectionConfig
    {
        Host = server,
        Tunnels = [.. forwards.Split(' ').Select(word => new TunnelConfig(TunnelSpec.Parse(word[0] == 'L' ? TunnelKind.Local : TunnelKind.Remote, word[1..])))],
    });

    [Theory]
    [InlineData("localhost", "Lftp/1234:localhost:1234")]
    [InlineData("127.0.0.1", "Lftp/1234:[::1]:1234")]
    [InlineData("localhost", "L1:a:2 L1234:localhost:1235 L1235:127.0.0.1:1234")]
    [InlineData("gate.example", "L1234:localhost:21 R21:localhost:1234")] // there and back, over any distance
    [InlineData("gate.example", "L1234:gate.example:21 R21:localhost:1234")]
    public void A_tunnel_that_leads_back_to_its_own_port_is_found(string server, string forwards) => Assert.NotNull(Find(server, forwards));

    [Theory]
    [InlineData("gate.example", "Lftp/1234:localhost:1234")] // the server's port of that number is another
    [InlineData("gate.example", "L1234:third.example:21 R21:localhost:1234")]
    [InlineData("localhost", "Lftp/1234:localhost:21 L1235:localhost:1234")] // one through the other, and out
    [InlineData("localhost", "L0:localhost:1234 L1234:localhost:21")]
    [InlineData("localhost", "L1234:third.example:1234")]
    [InlineData("gate.example", "R1234:localhost:1234")]
    public void Any_other_is_not(string server, string forwards) => Assert.Null(Find(server, forwards));
}
