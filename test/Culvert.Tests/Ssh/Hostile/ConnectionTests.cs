using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh.Hostile;

/// <summary>A server that lets us in and then breaks the rules of channels.</summary>
public sealed class ConnectionTests
{
    private const uint Theirs = 77;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task More_than_the_window()
    {
        await using var session = await Session.StartAsync();
        var step = ScriptedPeer.Data(0, new byte[32 * 1024]);
        await HostileServer.RepeatAsync(1000, () => session.Server.SendAsync(step));
        var failure = await session.EndAsync();
        Assert.Equal("CHANNEL_DATA of 32768 bytes, the window has 0", failure.Text);
        Assert.InRange(session.Server.Sent, Limits.InitialWindow, Limits.InitialWindow + 3 * step.Length);
        // And what was within it can still be read: as much as came, then the loss.
        Assert.Equal(Limits.InitialWindow, (await ConnectionChannelTests.ReadAsync(session.Duplex, ReadEnd.Lost)).Length);
    }

    public static TheoryData<string, byte[][], string> Sins => new()
    {
        { "too large", [ScriptedPeer.Data(0, new byte[32 * 1024 + 1])], "CHANNEL_DATA of 32769 bytes, 32768 are allowed in one packet" },
        { "a length beyond the packet", [new SshWriter().Byte(94).UInt32(0).UInt32(100).Raw(new byte[10]).ToArray()], "CHANNEL_DATA: data claims 100 bytes, 10 are left" },
        { "bytes behind the data", [[.. ScriptedPeer.Data(0, new byte[5]), 1]], "CHANNEL_DATA: 1 bytes after its end" },
        { "data after EOF", [ScriptedPeer.Eof(0), ScriptedPeer.Data(0, new byte[5])], "CHANNEL_DATA for channel 0, which is in no state for it" },
        { "data after CLOSE", [ScriptedPeer.Close(0), ScriptedPeer.Data(0, new byte[5])], "CHANNEL_DATA for channel 0, which" },
        { "extended data after EOF", [ScriptedPeer.Eof(0), ExtendedData(0)], "CHANNEL_EXTENDED_DATA for channel 0, which is in no state for it" },
        { "CLOSE twice", [ScriptedPeer.Close(0), ScriptedPeer.Close(0)], "CHANNEL_CLOSE for channel 0, which" },
        { "EOF after CLOSE", [ScriptedPeer.Close(0), ScriptedPeer.Eof(0)], "CHANNEL_EOF for channel 0, which" },
        { "ADJUST after CLOSE", [ScriptedPeer.Close(0), ScriptedPeer.Adjust(0, 1)], "CHANNEL_WINDOW_ADJUST for channel 0, which" },
        { "a window beyond 2^32", [ScriptedPeer.Adjust(0, uint.MaxValue)], "CHANNEL_WINDOW_ADJUST: the window would exceed 2^32 - 1 bytes (RFC 4254 §5.2)" },
        { "nobody's channel", [ScriptedPeer.Data(1, new byte[5])], "CHANNEL_DATA for channel 1, which does not exist" },
        { "their own number for it", [ScriptedPeer.Data(Theirs, new byte[5])], "CHANNEL_DATA for channel 77, which does not exist" },
        { "a number beyond all", [ScriptedPeer.Close(uint.MaxValue)], "CHANNEL_CLOSE for channel 4294967295, which does not exist" },
        { "confirmed twice", [ScriptedPeer.Confirmation(0, 78, 1, 1)], "CHANNEL_OPEN_CONFIRMATION for channel 0, which is in no state for it" },
        { "confirmed and refused", [ChannelMessages.OpenFailure(0, OpenReason.ConnectFailed, "")], "CHANNEL_OPEN_FAILURE for channel 0, which is in no state for it" },
        { "confirmed though never asked for", [ScriptedPeer.Confirmation(5, 78, 1, 1)], "CHANNEL_OPEN_CONFIRMATION for channel 5, which does not exist" },
        { "an answer to a channel request", [ChannelMessages.Simple(MessageNumber.ChannelSuccess, 0)], "an answer to a channel request that nobody made" },
        { "an answer that nobody asked for", [[MessageNumber.RequestSuccess]], "REQUEST_SUCCESS without a request" },
        { "packets without room", [ScriptedPeer.Forwarded(1, new("x", 1), new("y", 1))[..^40]], "CHANNEL_OPEN: " },
        { "an exchange with something in it", [RawKexInit, ScriptedPeer.Data(0, new byte[5])], "message 94 within a key exchange" },
        { "a reply without an exchange", [[MessageNumber.KexEcdhReply]], "message 31 outside a key exchange" },
        { "NEWKEYS without an exchange", [[MessageNumber.NewKeys]], "NEWKEYS out of place" },
    };

    private static byte[] RawKexInit => KexInit.Create(AlgorithmPreferences.Default, ["ssh-ed25519"], []).Payload;

    [Theory, MemberData(nameof(Sins))]
    public async Task Each_sin_ends_the_connection(string sin, byte[][] messages, string expected)
    {
        Assert.NotEmpty(sin);
        await using var session = await Session.StartAsync();
        await session.Server.SendAsync(messages);
        Assert.StartsWith(expected, (await session.EndAsync()).Text, StringComparison.Ordinal);
        Assert.InRange(session.Server.Sent, 1, 40_000);
    }

    /// <summary>OpenSSH's ObscureKeystrokeTiming and other keepalives send IGNORE: who sends that is no dead peer, and isn't asked whether it's there.</summary>
    [Fact]
    public async Task Noise_is_a_sign_of_life()
    {
        var time = new FakeTimeProvider();
        var (server, client) = await HostileServer.LoggedInAsync(options => options with { Time = time, ServerAliveInterval = TimeSpan.FromSeconds(15), ServerAliveCountMax = 2 });
        await using (server)
        await using (client)
        {
            Assert.Equal(MessageNumber.GlobalRequest, (await server.ReceiveAsync())[0]);
            await server.SendAsync(ChannelMessages.RequestFailure());
            for (var interval = 0; interval < 10; interval++)
            {
                var before = client.PacketsReceived;
                await server.SendAsync(interval % 2 == 0
                    ? new SshWriter().Byte(MessageNumber.Ignore).String("noise").ToArray()
                    : new SshWriter().Byte(MessageNumber.Debug).Bool(false).String("noise").String("").ToArray());
                for (var turns = 0; client.PacketsReceived == before && turns < 1_000_000; turns++)
                    await Task.Yield();
                Assert.True(client.PacketsReceived > before);
                time.Advance(TimeSpan.FromSeconds(15));
            }
            // The next that it says is an answer and not a question.
            await server.SendAsync(ChannelMessages.GlobalRequest("hello@example.com", true, []));
            Assert.Equal(MessageNumber.RequestFailure, (await server.ReceiveAsync())[0]);
            Assert.False(client.Closed.IsCompleted);
        }
    }

    [Fact]
    public async Task Before_its_confirmation_a_channel_takes_nothing()
    {
        foreach (var (message, name) in new[] { (ScriptedPeer.Data(0, new byte[5]), "CHANNEL_DATA"), (ScriptedPeer.Adjust(0, 5), "CHANNEL_WINDOW_ADJUST"), (ScriptedPeer.Eof(0), "CHANNEL_EOF"), (ScriptedPeer.Close(0), "CHANNEL_CLOSE") })
        {
            var (server, client) = await HostileServer.LoggedInAsync();
            await using (server)
            await using (client)
            {
                var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default);
                await server.ReceiveAsync(MessageNumber.ChannelOpen);
                await server.SendAsync(message);
                Assert.Equal($"{name} for channel 0, which is in no state for it", (await dial.Outcome).Failure!.Text);
                await server.DisposeAsync();
            }
        }
    }

    /// <summary>Whoever opens channels that nobody asked for gets a refusal each; who reads none of them is cut off.</summary>
    [Theory]
    [InlineData("forwarded-tcpip")]
    [InlineData("x11")]
    [InlineData("session")]
    [InlineData("auth-agent@openssh.com")]
    [InlineData("direct-tcpip")]
    public async Task A_flood_of_channels(string type)
    {
        await using var session = await Session.StartAsync();
        var open = ChannelMessages.Open(type, 5, 1000, ChannelMessages.Addresses(new("far", 2121), new("who", 1)));
        await session.Server.SendAsync(open);
        Assert.Equal(5, (await session.Server.ReceiveAsync(MessageNumber.ChannelOpenFailure))[4]);
        var steps = await HostileServer.RepeatAsync(50_000, () => session.Server.SendAsync(open));
        Assert.InRange(steps, ConnectionLimits.MaximumQueuedMessages / 2, ConnectionLimits.MaximumQueuedMessages + 2000);
        Assert.Equal("the peer asks faster than it reads the answers", (await session.EndAsync()).Text);
        Assert.Equal(1, session.Client.Channels);
    }

    [Fact]
    public async Task A_flood_of_requests()
    {
        await using var session = await Session.StartAsync();
        var request = ChannelMessages.GlobalRequest("no-such-request@evil.example", true, []);
        await HostileServer.RepeatAsync(50_000, () => session.Server.SendAsync(request));
        Assert.Equal("the peer asks faster than it reads the answers", (await session.EndAsync()).Text);
    }

    [Fact]
    public async Task A_flood_of_messages_that_nobody_knows()
    {
        await using var session = await Session.StartAsync();
        var steps = await HostileServer.RepeatAsync(50_000, () => session.Server.SendAsync([200]));
        Assert.InRange(steps, 100, 2000);
        Assert.Equal("the peer provokes answers and reads none", (await session.EndAsync()).Text);
    }

    /// <summary>Connections to a port that we asked for wait for us, but not without number.</summary>
    [Fact]
    public async Task A_flood_of_connections_to_a_port_of_ours()
    {
        await using var session = await Session.StartAsync();
        var listening = session.Client.Network.ListenAsync(new Endpoint("localhost", 2121), ListenOptions.Default, Stop).AsTask();
        await session.Server.ReceiveAsync(MessageNumber.GlobalRequest);
        await session.Server.SendAsync([MessageNumber.RequestSuccess]);
        await using var listener = await listening;
        var (confirmed, refused) = (0, 0);
        for (var i = 0; i < 300; i++)
        {
            await session.Server.SendAsync(ScriptedPeer.Forwarded((uint)i, new("localhost", 2121), new("who", 1)));
            _ = await session.Server.ReceiveAsync() switch
            {
                [MessageNumber.ChannelOpenConfirmation, ..] => confirmed++,
                [MessageNumber.ChannelOpenFailure, ..] => refused++,
                var other => throw new InvalidOperationException($"message {other[0]}"),
            };
        }
        Assert.Equal((ConnectionLimits.MaximumAcceptBacklog, 300 - ConnectionLimits.MaximumAcceptBacklog), (confirmed, refused));
    }

    [Theory]
    [InlineData(0u, "REQUEST_SUCCESS for tcpip-forward: port 0 was asked for and port 0 was bound")]
    [InlineData(70_000u, "port that was bound 70000 is no port")]
    public async Task A_port_that_is_none(uint port, string expected)
    {
        await using var session = await Session.StartAsync();
        var listening = session.Client.Network.ListenAsync(new Endpoint("localhost", 0), ListenOptions.Default, Stop).AsTask();
        await session.Server.ReceiveAsync(MessageNumber.GlobalRequest);
        await session.Server.SendAsync(new SshWriter().Byte(MessageNumber.RequestSuccess).UInt32(port).ToArray());
        Assert.Equal(expected, (await Assert.ThrowsAsync<NetworkException>(() => listening)).Failure.Text);
        Assert.Equal(expected, (await session.EndAsync()).Text);
    }

    /// <summary>An exchange costs the client far more than it costs who asks for it. Who has a reason, by bytes or by time, may have any number.</summary>
    [Theory]
    [InlineData(0, 0, Limits.MaximumNeedlessExchanges)]
    [InlineData(0, 1, 300)]
    [InlineData(Limits.HardlyUsed, 0, 300)]
    public async Task Keys_changed_without_end(int bytes, int seconds, int expected)
    {
        var time = new FakeTimeProvider();
        var (server, client) = await HostileServer.LoggedInAsync(options => options with { Time = time });
        await using (server)
        await using (client)
        {
            var changes = 0;
            try
            {
                while (changes < 300)
                {
                    time.Advance(TimeSpan.FromSeconds(seconds));
                    if (bytes > 0)
                        await server.SendAsync(new SshWriter().Byte(MessageNumber.Ignore).String(new byte[bytes]).ToArray());
                    await server.ExchangeKeysAsync(new());
                    changes++;
                }
                Assert.False(client.Closed.IsCompleted);
            }
            catch (SshConnectionException)
            {
                await server.DisposeAsync();
                Assert.Equal("the peer changes keys again and again and doesn't use them", (await client.Closed).Text);
            }
            Assert.Equal(expected, changes);
        }
    }

    [Fact]
    public async Task Extensions_without_number()
    {
        await using var session = await Session.StartAsync();
        var extensions = new SshWriter().Byte(MessageNumber.ExtInfo).UInt32(Limits.MaximumExtensions + 1);
        for (var i = 0; i <= Limits.MaximumExtensions; i++)
            extensions.String($"x-{i}").String("");
        await session.Server.SendAsync(extensions.ToArray());
        Assert.Equal("EXT_INFO: 1025 extensions at once", (await session.EndAsync()).Text);
        Assert.InRange(session.Server.Sent, 1, 40_000);
    }

    private static byte[] ExtendedData(uint recipient) =>
        new SshWriter().Byte(MessageNumber.ChannelExtendedData).UInt32(recipient).UInt32(1).String("x").ToArray();

    /// <summary>A client with one channel open, number 0. Its first question, which measures the round trip, has been answered.</summary>
    private sealed class Session : IAsyncDisposable
    {
        public required HostileServer Server { get; init; }

        public required SshConnection Client { get; init; }

        public required Duplex Duplex { get; init; }

        public static async Task<Session> StartAsync()
        {
            var (server, client) = await HostileServer.LoggedInAsync();
            var dial = client.Network.Connect(new Endpoint("far", 21), ConnectOptions.Default with { Priority = Priority.Bulk });
            for (var i = 0; i < 2; i++)
                await server.SendAsync((await server.ReceiveAsync())[0] == MessageNumber.ChannelOpen ? ScriptedPeer.Confirmation(0, Theirs, 1000, 1000) : [MessageNumber.RequestFailure]);
            return new() { Server = server, Client = client, Duplex = (await dial.Outcome).Duplex! };
        }

        public async Task<Failure> EndAsync()
        {
            await Server.DisposeAsync();
            return await Client.Closed;
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Duplex.DisposeAsync();
            await Client.DisposeAsync();
        }
    }
}
