using Culvert.Net;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Tests.Net;

public sealed class BufferSizingTests
{
    [Fact]
    public void A_full_buffer_grows_to_its_maximum_and_a_long_scanty_run_makes_it_small_again()
    {
        var sizing = new BufferSizing(Limits.IdleBuffer, Limits.MaximumReceiveBuffer);
        var capacity = Limits.IdleBuffer;
        for (var i = 0; i < 5; i++)
            capacity = sizing.Next(capacity, capacity);
        Assert.Equal(Limits.MaximumReceiveBuffer, capacity);
        for (var i = 0; i < 63; i++)
            Assert.Equal(capacity, sizing.Next(capacity, 100));
        Assert.Equal(capacity, sizing.Next(capacity, capacity / 2));
        for (var i = 0; i < 63; i++)
            Assert.Equal(capacity, sizing.Next(capacity, 100));
        Assert.Equal(Limits.IdleBuffer, sizing.Next(capacity, 100));
    }
}
