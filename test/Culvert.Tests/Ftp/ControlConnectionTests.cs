using Culvert.Ftp;
using Culvert.Ftp.Wire;
using Culvert.Net;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Ftp;

public sealed class ControlConnectionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // A system that is busy answers what comes to nobody a moment later, when nobody looks any more.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_said_behind_a_peers_end_is_not_taken(bool saidBefore)
    {
        var (near, client) = MemoryDuplex.Pair();
        await using (client)
        {
            await using var connection = new ControlConnection(near, Speaker.Client, TimeSpan.FromSeconds(10), TimeProvider.System, () => { });
            if (saidBefore)
                await SayAsync(connection);
            await client.EndAsync(Stop);
            await connection.DrainAsync(Stop);
            Assert.Equal(ReadEnd.Ended, connection.End);
            Assert.True(connection.HasTakenAll);
            if (!saidBefore)
                await SayAsync(connection);
            Assert.Equal(saidBefore, connection.HasTakenAll);
        }
    }

    private static ValueTask SayAsync(ControlConnection connection)
    {
        connection.Say(FtpLine.Of("226 done"));
        return connection.FlushAsync(Stop);
    }
}
