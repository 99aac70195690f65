using System.Text;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh.Hostile;

/// <summary>A server that attacks before there are keys: the client has had enough after few bytes, and says of what.</summary>
public sealed class BeforeKeysTests
{
    [Fact]
    public async Task Endless_lines_before_the_version()
    {
        await using var server = await HostileServer.StartAsync();
        await HostileServer.RepeatAsync(10_000, () => server.SendRawAsync("hello\r\n"u8.ToArray()));
        var failure = await server.EndAsync(100 * 7 + Limits.IdleBuffer + HostileServer.Pipe);
        Assert.Equal("kex_exchange_identification: No SSH identification string received in first 100 lines from server", Protocol(failure).Message);
    }

    [Fact]
    public async Task An_endless_line_before_the_version()
    {
        await using var server = await HostileServer.StartAsync();
        await HostileServer.RepeatAsync(10_000, () => server.SendRawAsync(new byte[100]));
        Assert.Equal("kex_exchange_identification: banner line too long", Protocol(await server.EndAsync(Limits.MaximumPreVersionLine + 3 * HostileServer.Pipe)).Message);
    }

    [Theory]
    [InlineData("SSH-1.5-old\r\n", "Protocol major versions differ: 2 vs. SSH-1.5-old")]
    [InlineData("SSH-2.0-\u001b[2J\r\n", @"kex_exchange_identification: banner line contains invalid characters: SSH-2.0-\x1b[2J")]
    [InlineData("SSH-2.0-\0\r\n", @"kex_exchange_identification: banner line contains invalid characters: SSH-2.0-\x00")]
    public async Task A_version_that_is_none(string line, string expected)
    {
        await using var server = await HostileServer.StartAsync();
        await server.SendRawAsync(Encoding.ASCII.GetBytes(line));
        Assert.Equal(expected, Protocol(await server.EndAsync(line.Length)).Message);
    }

    /// <summary>Without strict key exchange noise is legal, and only the deadline ends it.</summary>
    [Fact]
    public async Task Noise_without_end_ends_with_the_deadline()
    {
        var time = new FakeTimeProvider();
        await using var server = await HostileServer.StartAsync(options => options with { Time = time });
        await server.ExchangeVersionsAsync();
        var ignore = new SshWriter().Byte(MessageNumber.Ignore).String(new byte[500]).ToArray();
        var steps = await HostileServer.RepeatAsync(5000, () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            return server.SendAsync(ignore);
        });
        Assert.InRange(steps, 1000, 1600);
        Assert.Equal(Culvert.Net.FailureKind.Timeout, (await server.EndAsync(1600 * ignore.Length)).Failure.Kind);
    }

    [Theory]
    [InlineData(MessageNumber.NewKeys, "NEWKEYS out of place")]
    [InlineData(MessageNumber.KexEcdhReply, "message 31 outside a key exchange")]
    [InlineData(MessageNumber.ServiceAccept, "message 6 before keys were exchanged")]
    [InlineData(MessageNumber.UserAuthSuccess, "message 52 before keys were exchanged")]
    [InlineData(MessageNumber.UserAuthFailure, "message 51 before keys were exchanged")]
    [InlineData(MessageNumber.UserAuthBanner, "message 53 before keys were exchanged")]
    [InlineData(MessageNumber.GlobalRequest, "message 80 before keys were exchanged")]
    [InlineData(MessageNumber.ChannelOpen, "message 90 before keys were exchanged")]
    [InlineData(MessageNumber.ChannelData, "message 94 before keys were exchanged")]
    public async Task Messages_out_of_order(byte number, string expected)
    {
        await using var server = await HostileServer.StartAsync();
        await server.ExchangeVersionsAsync();
        await server.SendAsync([number]);
        Assert.Equal(expected, Protocol(await server.EndAsync(100)).Message);
    }

    [Fact]
    public async Task A_second_KEXINIT_within_an_exchange()
    {
        await using var server = await HostileServer.StartAsync();
        await server.ExchangeVersionsAsync();
        await server.ExchangeKexInitAsync(new());
        await server.SendAsync(KexInit.Create(AlgorithmPreferences.Default, ["ssh-ed25519"], []).Payload);
        Assert.Equal("KEXINIT within a key exchange", Protocol(await server.EndAsync(4000)).Message);
    }

    [Fact]
    public async Task Thousands_of_names_to_compare()
    {
        await using var server = await HostileServer.StartAsync();
        await server.ExchangeVersionsAsync();
        await server.SendAsync(KexInit.Create(new() { KeyExchange = [.. Enumerable.Range(0, 10_000).Select(i => $"method-{i}")] }, ["ssh-ed25519"], []).Payload);
        Assert.Equal("KEXINIT: kex_algorithms has 10000 names", Protocol(await server.EndAsync(200_000)).Message);
    }

    /// <summary>What doesn't fit is shown to people, but not a book of it.</summary>
    [Fact]
    public async Task Names_of_great_length()
    {
        await using var server = await HostileServer.StartAsync();
        await server.ExchangeVersionsAsync();
        await server.SendAsync(KexInit.Create(new() { KeyExchange = [.. Enumerable.Range(0, 400).Select(i => new string('x', 500))] }, ["ssh-ed25519"], []).Payload);
        var failure = await server.EndAsync(250_000);
        Assert.StartsWith("Unable to negotiate with evil.example port 22: no matching key exchange method found. Their offer: xxx", failure.Message, StringComparison.Ordinal);
        Assert.Equal(DisconnectReason.KeyExchangeFailed, failure.Reason);
    }

    [Fact]
    public async Task A_farewell_of_great_length()
    {
        await using var server = await HostileServer.StartAsync();
        await server.ExchangeVersionsAsync();
        await server.SendAsync(TransportMessages.Disconnect(DisconnectReason.TooManyConnections, "\u001b[31m" + new string('x', 200_000)));
        var failure = await server.EndAsync(210_000);
        Assert.Equal(@"Received disconnect from evil.example port 22:12: \x1B[31m" + new string('x', 248) + "…", failure.Message);
    }

    private static SshProtocolException Protocol(SshConnectionException failure) => Assert.IsType<SshProtocolException>(failure);
}
