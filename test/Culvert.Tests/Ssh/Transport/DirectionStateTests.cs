using Culvert.Ssh;
using Culvert.Ssh.Transport;
using Xunit;

namespace Culvert.Tests.Ssh.Transport;

public sealed class DirectionStateTests
{
    /// <summary>The number of a packet has 32 bits and is ChaCha20's nonce: no keys outlive one round of it, even if the peer ignores every wish to change them.</summary>
    [Fact]
    public void No_keys_carry_more_packets_than_there_are_numbers()
    {
        var direction = new DirectionState { Packets = uint.MaxValue };
        direction.Count(100);
        Assert.Throws<SshProtocolException>(() => direction.Count(100));
    }
}
