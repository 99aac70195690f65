using System.Text;
using Culvert.Ssh.Connection;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh.Sessions;

/// <summary>The session that makes an older sshd send small packets at once: for whom, and what it leaves behind.</summary>
public sealed class NoDelayTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10", true)]
    [InlineData("SSH-2.0-OpenSSH_7.4", true)]
    [InlineData("SSH-2.0-OpenSSH_10.0p2", true)]
    [InlineData("SSH-2.0-OpenSSH_for_Windows_9.5", true)]
    [InlineData("SSH-2.0-OpenSSH_10.1", false)]
    [InlineData("SSH-2.0-OpenSSH_11.0p1", false)]
    [InlineData("SSH-2.0-OpenSSH_", false)]
    [InlineData("SSH-2.0-OpenSSH_9", false)]
    [InlineData("SSH-2.0-OpenSSH_9.", false)]
    [InlineData("SSH-2.0-OpenSSH_99999999999.1", false)]
    [InlineData("SSH-2.0-dropbear_2022.83", false)]
    public void Only_where_it_helps(string version, bool helps) => Assert.Equal(helps, NoDelaySession.Helps(version));

    [Fact]
    public async Task A_command_that_does_nothing_is_run_once_and_nothing_stays()
    {
        await using var world = new World();
        await world.Peer.ConfirmOpenAsync(7);
        var request = await world.Peer.ExpectAsync(MessageNumber.ChannelRequest);
        Assert.Equal(ChannelMessages.Request(7, "exec", true, SessionMessages.Text("exit")), request);
        await world.Peer.SendAsync(
            ChannelMessages.Simple(MessageNumber.ChannelSuccess, 0), ChannelMessages.Request(0, "exit-status", false, SessionMessages.ExitStatus(0)), ScriptedPeer.Eof(0), ScriptedPeer.Close(0));
        await world.Running;
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
        while (world.Client.Multiplexer.Table.Count > 0)
            await Task.Yield();
    }

    [Fact]
    public async Task A_server_that_opens_no_session_is_left_alone()
    {
        await using var world = new World();
        var sender = ScriptedPeer.Sender(await world.Peer.ExpectAsync(MessageNumber.ChannelOpen));
        await world.Peer.SendAsync(ChannelMessages.OpenFailure(sender, OpenReason.AdministrativelyProhibited, "open failed"));
        await world.Running;
        Assert.False(world.Client.Multiplexer.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_server_that_runs_no_command_is_left_alone()
    {
        await using var world = new World();
        await world.Peer.ConfirmOpenAsync(7);
        await world.Peer.ExpectAsync(MessageNumber.ChannelRequest);
        await world.Peer.SendAsync(ChannelMessages.Simple(MessageNumber.ChannelFailure, 0));
        await world.Running;
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
        Assert.False(world.Client.Multiplexer.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_forced_command_that_goes_on_is_closed_upon()
    {
        await using var world = new World();
        await world.Peer.ConfirmOpenAsync(7);
        await world.Peer.ExpectAsync(MessageNumber.ChannelRequest);
        await world.Peer.SendAsync(ChannelMessages.Simple(MessageNumber.ChannelSuccess, 0), ScriptedPeer.Data(0, Encoding.ASCII.GetBytes("this account forwards only\n")));
        while (!world.Running.IsCompleted)
        {
            world.Time.Advance(NoDelaySession.Patience);
            await Task.Yield();
        }
        await world.Running;
        await world.Peer.ExpectAsync(MessageNumber.ChannelClose);
    }

    [Fact]
    public async Task The_end_of_the_connection_ends_it()
    {
        await using var world = new World();
        await world.Peer.ConfirmOpenAsync(7);
        await world.Client.DisposeAsync();
        await world.Running;
    }

    private sealed class World : IAsyncDisposable
    {
        public World()
        {
            var (ours, theirs) = MemoryPacketTransport.Pair();
            Client = new ClientSide(ours, Time);
            Peer = new ScriptedPeer(theirs, Stop);
            Running = NoDelaySession.RunAsync(Client.Multiplexer, Time, NullLogger.Instance, Stop);
        }

        public FakeTimeProvider Time { get; } = new();

        public ClientSide Client { get; }

        public ScriptedPeer Peer { get; }

        public Task Running { get; }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Peer.DisposeAsync();
        }
    }
}
