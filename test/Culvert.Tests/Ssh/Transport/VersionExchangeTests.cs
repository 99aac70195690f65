using System.Text;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Transport;
using Culvert.TestKit.Networks;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Culvert.Tests.Ssh.Transport;

public sealed class VersionExchangeTests
{
    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "SSH-2.0-OpenSSH_9.2p1 Debian-2")]
    [InlineData("SSH-2.0-old\n", "SSH-2.0-old")]
    [InlineData("SSH-1.99-both\r\n", "SSH-1.99-both")]
    [InlineData("Welcome\r\n\u001b[2Jto us\r\nSSH-2.0-x\r\n", "SSH-2.0-x")]
    public async Task A_version_is_read(string sent, string expected)
    {
        var (text, wrote) = await ReadAsync(sent);
        Assert.Equal(expected, text);
        Assert.Equal("SSH-2.0-Culvert_0.1\r\n", wrote);
    }

    [Theory]
    [InlineData("SSH-1.5-ancient\r\n", "Protocol major versions differ: 2 vs. SSH-1.5-ancient")]
    [InlineData("SSH-2.0-\u001b[2J\r\n", @"banner line contains invalid characters: SSH-2.0-\x1b[2J")]
    [InlineData("SSH-2.0-nul\0\r\n", @"banner line contains invalid characters: SSH-2.0-nul\x00")]
    [InlineData("Exceeded MaxStartups\r\n", "Connection closed by server, which said: Exceeded MaxStartups")]
    [InlineData("", "kex_exchange_identification: Connection closed by server")]
    [InlineData("SSH-2.0-half", "kex_exchange_identification: Connection closed by server")]
    public async Task What_is_no_version_is_refused_and_shown_escaped(string sent, string expected) =>
        Assert.EndsWith(expected, (await Assert.ThrowsAnyAsync<SshConnectionException>(() => ReadAsync(sent))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_version_has_a_longest_length()
    {
        var longest = "SSH-2.0-" + new string('x', 245);
        Assert.Equal(longest, (await ReadAsync(longest + "\r\n")).Text);
        await Assert.ThrowsAsync<SshProtocolException>(() => ReadAsync(longest + "x\r\n"));
    }

    [Fact]
    public async Task Endless_lines_and_a_line_without_end_are_cut_off()
    {
        var lines = await Assert.ThrowsAsync<SshProtocolException>(() => ReadAsync(string.Concat(Enumerable.Repeat("more\r\n", 200))));
        Assert.Contains("first 100 lines", lines.Message, StringComparison.Ordinal);
        var line = await Assert.ThrowsAsync<SshProtocolException>(() => ReadAsync(new string('x', 20_000)));
        Assert.EndsWith("banner line too long", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_says_nothing_before_its_version() =>
        await Assert.ThrowsAsync<SshProtocolException>(() => ReadAsync("GET / HTTP/1.1\r\nSSH-2.0-x\r\n", asServer: true));

    private static async Task<(string Text, string Wrote)> ReadAsync(string sent, bool asServer = false)
    {
        var cancelled = TestContext.Current.CancellationToken;
        var (near, far) = MemoryDuplex.Pair(128 * 1024);
        await far.WriteAsync(Encoding.Latin1.GetBytes(sent), cancelled);
        await far.EndAsync(cancelled);
        var versions = await VersionExchange.RunAsync(near, new ReceiveBuffer(near), "Culvert_0.1", asServer, "server", NullLogger.Instance, cancelled);
        var wrote = new byte[256];
        var read = await far.ReadAsync(wrote, cancelled);
        Assert.Equal(ReadEnd.None, read.End);
        return (versions.RemoteText, Encoding.Latin1.GetString(read.Bytes.Span));
    }
}
