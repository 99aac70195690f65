using System.Text;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Culvert.TestKit.Packets;
using Xunit;

namespace Culvert.Tests.Ssh.Sessions;

/// <summary>Sessions between our two halves.</summary>
public sealed class SessionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_command_has_its_environment_its_streams_and_a_status()
    {
        await using var pair = Pair(async (session, stop) =>
        {
            Assert.Equal((SessionStart.Command, "do it"), (session.Start, session.Text));
            Assert.Null(session.Terminal);
            Assert.Equal("de_DE", session.Environment["LANG"]);
            await session.Streams.WriteAsync("out"u8.ToArray(), stop);
            await session.WriteErrorsAsync("err"u8.ToArray(), stop);
            return new SessionEnd { Status = 7 };
        });
        await using var session = await OpenAsync(pair);
        session.SetEnvironment("LANG", "de_DE");
        Assert.True(await session.StartCommandAsync("do it", Stop));
        Assert.Equal("out", await ReadAsync(session.Streams));
        Assert.Equal("err", await ReadErrorsAsync(session));
        Assert.Equal(new SessionEnd { Status = 7 }, await session.Ended);
    }

    [Fact]
    public async Task Output_and_status_come_after_the_end_of_input()
    {
        await using var pair = Pair(async (session, stop) =>
        {
            var said = await ReadAsync(session.Streams);
            await session.Streams.WriteAsync(Encoding.UTF8.GetBytes(said.ToUpperInvariant()), stop);
            await session.Streams.EndAsync(stop);
            return new SessionEnd { Status = 3 };
        });
        await using var session = await OpenAsync(pair);
        Assert.True(await session.StartShellAsync(Stop));
        await session.Streams.WriteAsync("hello"u8.ToArray(), Stop);
        await session.Streams.EndAsync(Stop);
        Assert.Equal("HELLO", await ReadAsync(session.Streams));
        Assert.Equal(3, (await session.Ended).Status);
    }

    [Fact]
    public async Task A_terminal_its_sizes_and_signals_arrive()
    {
        var modes = TerminalModes.Encode([new(53, 1), new(128, 38400)]);
        var events = new List<string>();
        var ended = new TaskCompletionSource();
        await using var pair = Pair(async (session, stop) =>
        {
            Assert.Equal("xterm", session.Terminal!.Type);
            Assert.Equal(new TerminalSize(80, 24), session.Terminal.Size);
            Assert.Equal(modes.ToArray(), session.Terminal.Modes.ToArray());
            session.Resized += size => events.Add($"{size.Columns}x{size.Rows}");
            session.Signalled += signal =>
            {
                events.Add(signal);
                ended.SetResult();
            };
            await session.Streams.WriteAsync("ready"u8.ToArray(), stop);
            await ended.Task.WaitAsync(stop);
            return new SessionEnd { Signal = "INT", CoreDumped = true, Text = "stopped" };
        });
        await using var session = await OpenAsync(pair);
        Assert.True(await session.RequestTerminalAsync(new PseudoTerminal("xterm", new TerminalSize(80, 24), modes), Stop));
        Assert.False(await session.RequestTerminalAsync(new PseudoTerminal("xterm", new TerminalSize(80, 24), modes), Stop));
        Assert.True(await session.StartShellAsync(Stop));
        var ready = await session.Streams.ReadAsync(Stop);
        session.Streams.Release(ready.Bytes.Length);
        session.Resize(new TerminalSize(132, 50));
        session.SendSignal("INT");
        Assert.Equal(new SessionEnd { Signal = "INT", CoreDumped = true, Text = "stopped" }, await session.Ended);
        Assert.Equal(["132x50", "INT"], events);
    }

    [Fact]
    public void Modes_are_read_as_they_were_written()
    {
        Assert.Equal([53, 0, 0, 0, 1, 128, 0, 0, 0x96, 0, 0], TerminalModes.Encode([new(53, 1), new(128, 38400)]).ToArray());
        Assert.Equal(new Dictionary<byte, uint> { [53] = 1, [128] = 38400 }, TerminalModes.Decode([53, 0, 0, 0, 1, 128, 0, 0, 0x96, 0, 0, 9, 9]));
        Assert.Equal(new Dictionary<byte, uint> { [1] = 3 }, TerminalModes.Decode([1, 0, 0, 0, 3, 200, 1]));
        Assert.Throws<SshProtocolException>(() => TerminalModes.Decode([53, 0, 0]));
    }

    [Fact]
    public async Task Sessions_are_refused_unless_somebody_serves_them()
    {
        await using var pair = new ConnectedPair(new MemoryNetwork());
        var refused = await Assert.ThrowsAsync<NetworkException>(() => OpenAsync(pair));
        Assert.Equal(FailureKind.Prohibited, refused.Failure.Kind);
    }

    [Fact]
    public async Task Only_one_program_runs_in_a_session()
    {
        await using var pair = Pair(async (session, stop) =>
        {
            await ReadAsync(session.Streams);
            return new SessionEnd { Status = 0 };
        });
        await using var session = await OpenAsync(pair);
        Assert.True(await session.StartSubsystemAsync("sftp", Stop));
        Assert.False(await session.StartCommandAsync("another", Stop));
        Assert.False(await session.StartShellAsync(Stop));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_does_not_read_a_stream_stops_it(bool errors)
    {
        const int Total = 3 * ConnectionLimits.DialogueWindow;
        long written = 0;
        var stalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = Pair(async (session, stop) =>
        {
            var piece = new byte[Limits.MaximumChannelPacket];
            for (; written < Total; Interlocked.Add(ref written, piece.Length))
            {
                if (Interlocked.Read(ref written) == ConnectionLimits.DialogueWindow)
                    stalled.SetResult();
                Assert.Equal(WriteEnd.None, errors ? await session.WriteErrorsAsync(piece, stop) : await session.Streams.WriteAsync(piece, stop));
            }
            return new SessionEnd { Status = 0 };
        });
        await using var session = await OpenAsync(pair);
        Assert.True(await session.StartShellAsync(Stop));
        await stalled.Task.WaitAsync(Stop);
        // A question that is answered shows that nothing more came meanwhile.
        Assert.False(await session.StartShellAsync(Stop));
        Assert.Equal(ConnectionLimits.DialogueWindow, Interlocked.Read(ref written));
        var (read, other) = errors ? (await ReadErrorsAsync(session), await ReadAsync(session.Streams)) : (await ReadAsync(session.Streams), await ReadErrorsAsync(session));
        Assert.Equal((Total, 0), (read.Length, other.Length));
        Assert.Equal(0, (await session.Ended).Status);
    }

    [Fact]
    public async Task Giving_up_leaves_nothing_open()
    {
        var (ours, theirs) = MemoryPacketTransport.Pair();
        await using var client = new ClientSide(ours);
        await using var peer = new ScriptedPeer(theirs, Stop);
        using var giveUp = new CancellationTokenSource();
        var opening = SshSession.OpenAsync(client.Multiplexer, Priority.Interactive, giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        await peer.ConfirmOpenAsync(5);
        await peer.ExpectAsync(MessageNumber.ChannelClose);
        await peer.SendAsync(ScriptedPeer.Close(0));
        await client.DisposeAsync();
        Assert.Equal(0, client.Multiplexer.Table.Count);
    }

    internal static async Task<string> ReadErrorsAsync(SshSession session)
    {
        var all = new MemoryStream();
        var buffer = new byte[4096];
        while (await session.ReadErrorsAsync(buffer, Stop) is { End: ReadEnd.None } read)
            all.Write(read.Bytes.Span);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    internal static async Task<string> ReadAsync(Duplex streams)
    {
        var all = new MemoryStream();
        var buffer = new byte[4096];
        while (await streams.ReadAsync(buffer, Stop) is { End: ReadEnd.None } read)
            all.Write(read.Bytes.Span);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    private static Task<SshSession> OpenAsync(ConnectedPair pair) => SshSession.OpenAsync(pair.Client.Multiplexer, Priority.Interactive, Stop);

    private static ConnectedPair Pair(Func<SshServerSession, CancellationToken, Task<SessionEnd>> serve)
    {
        var behind = new MemoryNetwork();
        return new ConnectedPair(behind, options: ConnectedPair.Options(behind) with { ServeSession = serve });
    }
}
