using System.Text;
using Culvert.Demo.Dialogue;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Demo;

public sealed class LineReaderTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_come_whole_whatever_the_segments()
    {
        var (client, server) = MemoryDuplex.Pair(capacity: 2);
        var reader = new LineReader(server);
        var writing = WriteAsync(client, Encoding.UTF8.GetBytes("USER é\r\nPASS x\nlast"));
        Assert.Equal(new Line(LineKind.Text, "USER é"), await reader.ReadAsync(Stop));
        Assert.Equal(new Line(LineKind.Text, "PASS x"), await reader.ReadAsync(Stop));
        Assert.Equal(LineKind.End, (await reader.ReadAsync(Stop)).Kind);
        await writing;
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_thrown_away_and_the_next_one_is_whole()
    {
        var (client, server) = MemoryDuplex.Pair();
        var reader = new LineReader(server);
        var writing = WriteAsync(client, Encoding.ASCII.GetBytes(new string('x', 3 * LineReader.MaxLine) + "\r\nNOOP\r\n"));
        Assert.Equal(LineKind.TooLong, (await reader.ReadAsync(Stop)).Kind);
        Assert.Equal("NOOP", (await reader.ReadAsync(Stop)).Text);
        await writing;
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xF4, 0xFF, 0xF2, (byte)'A', (byte)'B' }, "AB")]     // IP, DM
    [InlineData(new byte[] { 0xFF, 0xFD, 0x06, (byte)'A', (byte)'\r' }, "A")]            // DO TIMING-MARK
    public void Telnet_commands_are_left_out(byte[] raw, string text) => Assert.Equal(new Line(LineKind.Text, text), LineReader.Decode(raw));

    [Theory]
    [InlineData(new byte[] { (byte)'A', 0 })]
    [InlineData(new byte[] { (byte)'A', (byte)'\r', (byte)'B' })]
    [InlineData(new byte[] { (byte)'A', 0x1B })]
    [InlineData(new byte[] { (byte)'A', 0xE9 })]        // Latin-1
    [InlineData(new byte[] { (byte)'A', 0xFF, 0xFF })]
    public void Control_characters_and_other_encodings_are_no_text(byte[] raw) => Assert.Equal(LineKind.Malformed, LineReader.Decode(raw).Kind);

    private static async Task WriteAsync(MemoryDuplex client, byte[] bytes)
    {
        await client.WriteAsync(bytes, Stop);
        await client.EndAsync(Stop);
    }
}
