using Culvert.Net;
using Culvert.OpenSsh;
using Xunit;

namespace Culvert.Tests.OpenSsh;

public sealed class MuxMessagesTests
{
    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    [Fact]
    public void Requests_are_what_the_protocol_says()
    {
        Assert.Equal("000000080000000100000004", Hex(MuxMessages.SayHello()));
        Assert.Equal("000000081000000400000007", Hex(MuxMessages.Ask(MuxMessages.AliveCheck, 7)));
        Assert.Equal(
            "00000023" + "10000006" + "00000002" + "00000002" + "00000001" + "2a" + "00000015" + "00000006" + Hex("/tmp/r"u8.ToArray()) + "fffffffe",
            Hex(MuxMessages.Forward(MuxMessages.OpenForward, 2, new Endpoint("*", 21), "/tmp/r")));
    }

    [Theory]
    [InlineData("80000001 00000003", MuxMessages.Ok, 3, 0, "")]
    [InlineData("80000007 00000003 00008235", MuxMessages.RemotePort, 3, 33333, "")]
    [InlineData("80000003 00000003 00000003 6e 1b 6f", MuxMessages.Failed, 3, 0, "n?o")]
    [InlineData("80000002 00000003 00000000", MuxMessages.PermissionDenied, 3, 0, "")]
    [InlineData("00000001 00000004 00000000", MuxMessages.Hello, 4, 0, "")]
    public void Replies_are_read(string hex, uint type, uint request, int port, string reason) =>
        Assert.Equal(new MuxReply(type, request, port, reason), MuxMessages.Read(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));

    [Theory]
    [InlineData("")]
    [InlineData("80000001 000000")]
    [InlineData("80000007 00000003")]
    [InlineData("80000007 00000003 00000000")]
    [InlineData("80000007 00000003 00010000")]
    [InlineData("80000003 00000003")]
    [InlineData("80000003 00000003 00000002 6e")]
    [InlineData("80000003 00000003 ffffffff 6e")]
    public void What_is_no_reply_is_a_mistake(string hex) =>
        Assert.Throws<InvalidDataException>(() => MuxMessages.Read(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));
}
