using System.Text;
using Culvert.Interop.Servers;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh;
using Culvert.Ssh.Keys;
using Xunit;
using SshServer = Culvert.Interop.Servers.SshServer;
using SshServerOptions = Culvert.Interop.Servers.SshServerOptions;

namespace Culvert.Interop.Sessions;

/// <summary>Sessions of our engine on foreign servers.</summary>
public sealed class SessionTests
{
    public static TheoryData<string> Servers => [SshServer.OpenSsh, SshServer.Dropbear];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Servers))]
    public async Task A_command_has_its_streams_and_its_status(string name)
    {
        await using var there = await There.StartAsync(name);
        await using var session = await there.OpenAsync();
        Assert.True(await session.StartCommandAsync("cat; echo wrong >&2; exit 7", Cancellation));
        await session.Streams.WriteAsync("through"u8.ToArray(), Cancellation);
        await session.Streams.EndAsync(Cancellation);
        Assert.Equal(("through", "wrong\n"), await ReadAsync(session));
        Assert.Equal(7, (await session.Ended).Status);
    }

    [Theory, MemberData(nameof(Servers))]
    public async Task The_status_comes_although_both_streams_had_ended(string name)
    {
        await using var there = await There.StartAsync(name);
        await using var session = await there.OpenAsync();
        Assert.True(await session.StartCommandAsync("exec >&- 2>&-; sleep 0.3; exit 9", Cancellation));
        await session.Streams.EndAsync(Cancellation);
        Assert.Equal(9, (await session.Ended).Status);
    }

    [Theory, MemberData(nameof(Servers))]
    public async Task A_command_that_is_not_there_is_127(string name)
    {
        await using var there = await There.StartAsync(name);
        await using var session = await there.OpenAsync();
        Assert.True(await session.StartCommandAsync("no-such-command-here", Cancellation));
        await ReadAsync(session);
        Assert.Equal(127, (await session.Ended).Status);
    }

    [Theory, MemberData(nameof(Servers))]
    public async Task A_killed_command_says_by_which_signal(string name)
    {
        await using var there = await There.StartAsync(name);
        await using var session = await there.OpenAsync();
        Assert.True(await session.StartCommandAsync("kill -TERM $$; sleep 5", Cancellation));
        await ReadAsync(session);
        Assert.Equal("TERM", (await session.Ended).Signal);
    }

    [Theory, MemberData(nameof(Servers))]
    public async Task A_terminal_has_its_size_its_modes_and_hears_of_changes(string name)
    {
        await using var there = await There.StartAsync(name);
        await using var session = await there.OpenAsync();
        // 1: VINTR as Ctrl-B; 53: ECHO off; 72: ONLCR off.
        var modes = TerminalModes.Encode([new(1, 2), new(53, 0), new(72, 0)]);
        Assert.True(await session.RequestTerminalAsync(new PseudoTerminal("vt100", new TerminalSize(91, 37), modes), Cancellation));
        Assert.True(await session.StartCommandAsync("echo $TERM; stty size; stty -a | tr ';' '\\n'; read x; stty size; exit 5", Cancellation));
        var said = new StringBuilder();
        await ReadUntilAsync(session, said, "-echo ");
        Assert.StartsWith("vt100\n37 91\n", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("intr = ^B", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("-onlcr", said.ToString(), StringComparison.Ordinal);
        session.Resize(new TerminalSize(132, 50));
        await session.Streams.WriteAsync("go\n"u8.ToArray(), Cancellation);
        await ReadUntilAsync(session, said, "50 132\n");
        Assert.Equal(5, (await session.Ended).Status);
    }

    /// <summary>sshd passes signals on only where it separates privileges, which it doesn't for root.</summary>
    [Fact]
    public async Task A_signal_reaches_the_program()
    {
        await using var there = await There.StartAsync(SshServer.Dropbear);
        await using var session = await there.OpenAsync();
        Assert.True(await session.StartCommandAsync("trap 'echo heard; exit 4' USR1; echo ready; while :; do sleep 0.05; done", Cancellation));
        var said = new StringBuilder();
        await ReadUntilAsync(session, said, "ready\n");
        session.SendSignal("USR1");
        await ReadUntilAsync(session, said, "heard\n");
        Assert.Equal(4, (await session.Ended).Status);
    }

    [Fact]
    public async Task Variables_that_the_server_accepts_and_subsystems_work()
    {
        await using var there = await There.StartAsync(SshServer.OpenSsh, "AcceptEnv CULVERT_*", "Subsystem shout echo loud");
        await using var session = await there.OpenAsync();
        session.SetEnvironment("CULVERT_WORD", "yes it does");
        session.SetEnvironment("OTHER_WORD", "no");
        Assert.True(await session.StartCommandAsync("echo $CULVERT_WORD/$OTHER_WORD", Cancellation));
        Assert.Equal("yes it does/\n", (await ReadAsync(session)).Output);
        await using var second = await there.OpenAsync();
        Assert.True(await second.StartSubsystemAsync("shout", Cancellation));
        Assert.Equal("loud\n", (await ReadAsync(second)).Output);
        await using var third = await there.OpenAsync();
        Assert.False(await third.StartSubsystemAsync("whisper", Cancellation));
    }

    [Fact]
    public async Task A_program_whose_output_nobody_takes_hears_of_it()
    {
        await using var there = await There.StartAsync(SshServer.OpenSsh);
        await using var session = await there.OpenAsync();
        Assert.True(await session.StartCommandAsync("yes", Cancellation));
        var some = await session.Streams.ReadAsync(Cancellation);
        session.Streams.Release(some.Bytes.Length);
        session.RefuseOutput();
        await ReadAsync(session);
        Assert.Equal("PIPE", (await session.Ended).Signal);
    }

    private static async Task<(string Output, string Errors)> ReadAsync(SshSession session)
    {
        var reading = ReadErrorsAsync(session);
        var output = new StringBuilder();
        var buffer = new byte[64 * 1024];
        while (await session.Streams.ReadAsync(buffer, Cancellation) is { End: ReadEnd.None } read)
            output.Append(Encoding.UTF8.GetString(read.Bytes.Span));
        return (output.ToString(), await reading);
    }

    private static async Task<string> ReadErrorsAsync(SshSession session)
    {
        var errors = new StringBuilder();
        var buffer = new byte[64 * 1024];
        while (await session.ReadErrorsAsync(buffer, Cancellation) is { End: ReadEnd.None } read)
            errors.Append(Encoding.UTF8.GetString(read.Bytes.Span));
        return errors.ToString();
    }

    private static async Task ReadUntilAsync(SshSession session, StringBuilder said, string expected)
    {
        var buffer = new byte[4096];
        while (!said.ToString().Contains(expected, StringComparison.Ordinal))
        {
            var read = await session.Streams.ReadAsync(buffer, Cancellation);
            Assert.True(read.End == ReadEnd.None, $"no '{expected}' in: {said}");
            said.Append(Encoding.UTF8.GetString(read.Bytes.Span));
        }
    }

    /// <summary>A server, and a connection to it.</summary>
    private sealed record There(SshServer Server, Culvert.Ssh.Crypto.Signer User, SshConnection Connection) : IAsyncDisposable
    {
        public static async Task<There> StartAsync(string name, params string[] configuration)
        {
            var server = await SshServer.StartAsync(name, Cancellation, new SshServerOptions { Configuration = configuration });
            var user = await KeyFile.LoadAsync(server.Keys.PrivateKey(TestKeys.Client), null, Cancellation);
            return new There(server, user, await SshConnection.ConnectAsync(new TcpNetwork(TimeProvider.System), new SshClientOptions
            {
                Server = new(server.Address, server.Port),
                HostKeyPolicy = (_, _) => ValueTask.CompletedTask,
                Authentication = new() { User = server.User, Host = server.Address, Signers = [user] },
            }, Cancellation));
        }

        public Task<SshSession> OpenAsync() => Connection.OpenSessionAsync(Priority.Interactive, Cancellation);

        public async ValueTask DisposeAsync()
        {
            await Connection.DisposeAsync();
            User.Dispose();
            await Server.DisposeAsync();
        }
    }
}
