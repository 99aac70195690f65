using System.Text;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Culvert.TestKit.Packets;
using Xunit;

namespace Culvert.Tests.Ssh.Sessions;

/// <summary>Sessions whose other side breaks the rules, or keeps to them in a way of its own.</summary>
public sealed class HostileSessionTests
{
    private const uint Theirs = 9;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_exit_status_counts()
    {
        await using var one = await Script.StartAsync();
        await one.Peer.SendAsync(ExitStatus(3), ExitStatus(0), ExitSignal("KILL"), ScriptedPeer.Eof(0), ScriptedPeer.Close(0));
        Assert.Equal(new SessionEnd { Status = 3 }, await one.Session.Ended);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_both_ends_the_session_waits_for_status_and_close(bool oursFirst)
    {
        await using var one = await Script.StartAsync();
        if (oursFirst)
            await one.Session.Streams.EndAsync(Stop);
        await one.Peer.SendAsync(ScriptedPeer.Eof(0));
        Assert.Equal(ReadEnd.Ended, (await one.Session.Streams.ReadAsync(Stop)).End);
        if (!oursFirst)
            await one.Session.Streams.EndAsync(Stop);
        await one.Peer.ExpectAsync(MessageNumber.ChannelEof);
        one.Session.SendSignal("HUP");
        // A CLOSE of ours would stand before it.
        await one.Peer.ExpectAsync(MessageNumber.ChannelRequest);
        await one.Peer.SendAsync(ExitStatus(300), ScriptedPeer.Close(0));
        Assert.Equal(300, (await one.Session.Ended).Status);
        await one.Peer.ExpectAsync(MessageNumber.ChannelClose);
    }

    [Fact]
    public async Task A_close_without_a_word_ends_everything_that_waits()
    {
        await using var one = await Script.StartAsync();
        var starting = one.Session.StartShellAsync(Stop);
        var errors = one.Session.ReadErrorsAsync(new byte[10], Stop);
        await one.Peer.SendAsync(ScriptedPeer.Close(0));
        Assert.False(await starting);
        Assert.Equal(ReadEnd.Lost, (await errors).End);
        Assert.Equal(new SessionEnd(), await one.Session.Ended);
        Assert.False(await one.Session.StartShellAsync(Stop));
    }

    [Fact]
    public async Task A_lost_connection_is_told_as_one()
    {
        await using var one = await Script.StartAsync();
        var starting = one.Session.StartShellAsync(Stop);
        one.Client.Multiplexer.Fail(new Failure(FailureKind.NetworkLost, "cut"));
        Assert.False(await starting);
        Assert.Equal("cut", (await one.Session.Ended).Lost?.Text);
    }

    [Fact]
    public async Task Errors_of_an_unknown_type_are_dropped_and_their_credit_comes_back()
    {
        await using var one = await Script.StartAsync();
        for (var i = 0; i < 64; i++)
            await one.Peer.SendAsync(ChannelMessages.ExtendedData(0, 2, new byte[32 * 1024]));
        await one.Peer.ExpectAsync(MessageNumber.ChannelWindowAdjust);
        await one.Peer.SendAsync(ChannelMessages.ExtendedData(0, 1, "x"u8), ScriptedPeer.Eof(0));
        Assert.Equal("x", await SessionTests.ReadErrorsAsync(one.Session));
    }

    [Fact]
    public async Task An_unknown_request_is_refused_and_a_hint_on_flow_control_is_not()
    {
        await using var one = await Script.StartAsync();
        await one.Peer.SendAsync(
            ChannelMessages.Request(0, "xon-xoff", false, [1]),
            ChannelMessages.Request(0, "keepalive@openssh.com", true, []),
            ChannelMessages.Request(0, "shell", true, []));
        await one.Peer.ExpectAsync(MessageNumber.ChannelFailure);
        await one.Peer.ExpectAsync(MessageNumber.ChannelFailure);
    }

    public static TheoryData<string, byte[][], string> Sins => new()
    {
        { "errors beyond a packet", [ChannelMessages.ExtendedData(0, 1, new byte[Limits.MaximumChannelPacket + 1])], "allowed in one packet" },
        { "errors beyond the window", [.. Enumerable.Repeat(ChannelMessages.ExtendedData(0, 1, new byte[32 * 1024]), 65)], "the window has" },
        { "errors and output beyond the window", [.. Enumerable.Repeat(ChannelMessages.ExtendedData(0, 1, new byte[32 * 1024]), 64), ScriptedPeer.Data(0, [1])], "the window has" },
        { "errors after EOF", [ScriptedPeer.Eof(0), ChannelMessages.ExtendedData(0, 1, "x"u8)], "in no state for it" },
        { "errors after CLOSE", [ScriptedPeer.Close(0), ChannelMessages.ExtendedData(0, 1, "x"u8)], "CHANNEL_EXTENDED_DATA for channel 0, which" },
        { "a status after CLOSE", [ScriptedPeer.Close(0), ExitStatus(1)], "CHANNEL_REQUEST for channel 0, which" },
        { "half a status", [ChannelMessages.Request(0, "exit-status", false, [0, 0])], "ends within exit_status" },
        { "a long status", [ChannelMessages.Request(0, "exit-status", false, [0, 0, 0, 1, 1])], "after its end" },
        { "a signal that claims too much", [ChannelMessages.Request(0, "exit-signal", false, [0, 0, 1, 0, 65])], "claims 256 bytes" },
        { "an answer that nobody asked for", [ChannelMessages.Simple(MessageNumber.ChannelFailure, 0)], "an answer to a channel request that nobody made" },
    };

    [Theory, MemberData(nameof(Sins))]
    public async Task Each_sin_ends_the_connection(string sin, byte[][] messages, string expected)
    {
        Assert.NotEmpty(sin);
        await using var one = await Script.StartAsync();
        await one.Peer.SendAsync(messages);
        Assert.Contains(expected, (await one.Client.Multiplexer.Closed).Text, StringComparison.Ordinal);
        Assert.Contains(expected, (await one.Session.Ended).Lost is { } lost ? lost.Text : expected, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_may_set_so_many_variables_and_no_more()
    {
        var behind = new MemoryNetwork();
        var (ours, theirs) = MemoryPacketTransport.Pair();
        var seen = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = ConnectedPair.Options(behind) with
        {
            ServeSession = (session, _) =>
            {
                seen.SetResult(session.Environment.Count);
                return Task.FromResult(new SessionEnd { Status = 0 });
            },
        };
        await using var server = new Culvert.Ssh.Server.ServerSession(ours, options, new MultiplexerOptions());
        await using var client = new ScriptedPeer(theirs, Stop);
        await client.SendAsync(ChannelMessages.Open("session", 4, 1 << 20, []));
        await client.ExpectAsync(MessageNumber.ChannelOpenConfirmation);
        await client.SendAsync(ChannelMessages.Request(0, "env", true, SessionMessages.Environment("HUGE", new string('x', 32 * 1024))));
        await client.ExpectAsync(MessageNumber.ChannelFailure);
        for (var i = 0; i < 200; i++)
            await client.SendAsync(ChannelMessages.Request(0, "env", false, SessionMessages.Environment($"V{i}", "x")));
        await client.SendAsync(ChannelMessages.Request(0, "signal", true, SessionMessages.Text("INT")), ChannelMessages.Request(0, "shell", true, []));
        // Nothing runs yet that a signal could reach.
        await client.ExpectAsync(MessageNumber.ChannelFailure);
        await client.ExpectAsync(MessageNumber.ChannelSuccess);
        Assert.Equal(128, await seen.Task.WaitAsync(Stop));
        await client.ExpectAsync(MessageNumber.ChannelEof);
        Assert.Contains("exit-status", Encoding.ASCII.GetString(await client.ExpectAsync(MessageNumber.ChannelRequest)), StringComparison.Ordinal);
        await client.ExpectAsync(MessageNumber.ChannelClose);
    }

    private static byte[] ExitStatus(int status) => ChannelMessages.Request(0, "exit-status", false, SessionMessages.ExitStatus(status));

    private static byte[] ExitSignal(string name) =>
        ChannelMessages.Request(0, "exit-signal", false, new SshWriter().String(name).Bool(false).String("").String("").ToArray());

    /// <summary>A client with a session, number 0, whose server is a script.</summary>
    private sealed record Script(ClientSide Client, ScriptedPeer Peer, SshSession Session) : IAsyncDisposable
    {
        public static async Task<Script> StartAsync()
        {
            var (ours, theirs) = MemoryPacketTransport.Pair(capacity: 256);
            var client = new ClientSide(ours);
            var peer = new ScriptedPeer(theirs, Stop);
            var opening = SshSession.OpenAsync(client.Multiplexer, Priority.Interactive, Stop);
            await peer.ConfirmOpenAsync(Theirs);
            return new Script(client, peer, await opening);
        }

        public async ValueTask DisposeAsync()
        {
            await Session.DisposeAsync();
            await Client.DisposeAsync();
            Assert.Equal(0, Client.Multiplexer.Buffers.Outstanding);
            Assert.Equal(0, Client.Budget.Granted);
            await Peer.DisposeAsync();
        }
    }
}
