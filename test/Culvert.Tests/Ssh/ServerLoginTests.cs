using Culvert.Net;
using Culvert.Ssh;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>Whatever keeps a client from its session, the client hears it from the server and need not guess.</summary>
public sealed class ServerLoginTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The client knows already that it's logged in, the server is not yet through with telling it.</summary>
    [Fact]
    public async Task A_stop_right_behind_the_word_of_success_is_told()
    {
        SlowWriter? slow = null;
        await using var world = new SshWorld(
            options => options with
            {
                Authentication = new() { Password = (_, _, _) => new(slow!.HoldNext()) },
            },
            wrap: duplex => slow = new SlowWriter(duplex));
        await using var ssh = await SshConnection.ConnectAsync(world.Internet, world.Client(), Stop);
        await world.RequestStopAsync();
        slow!.Proceed();
        Assert.Equal("Received disconnect from ssh.example port 22:11: the server stops", (await ssh.Closed).Text);
    }

    [Fact]
    public async Task So_is_a_stop_while_the_client_thinks()
    {
        await using var world = new SshWorld();
        var client = world.Client();
        client = client with
        {
            Authentication = client.Authentication with
            {
                PasswordSource = null,
                Ask = async (_, _) =>
                {
                    await world.StopAsync();
                    return "secret";
                },
            },
        };
        var e = await Assert.ThrowsAnyAsync<SshConnectionException>(() => SshConnection.ConnectAsync(world.Internet, client, Stop));
        Assert.Equal("Received disconnect from ssh.example port 22:11: the server stops", e.Message);
    }

    [Fact]
    public async Task Too_many_attempts_are_told()
    {
        await using var world = new SshWorld(options => options with { Authentication = options.Authentication with { MaximumAttempts = 1 } });
        var e = await Assert.ThrowsAnyAsync<SshConnectionException>(() => SshConnection.ConnectAsync(world.Internet, world.Client("wrong"), Stop));
        Assert.Equal("Received disconnect from ssh.example port 22:14: Too many authentication failures", e.Message);
        Assert.Equal(DisconnectReason.NoMoreAuthMethodsAvailable, e.Reason);
    }

    [Fact]
    public async Task A_login_that_takes_too_long_is_told()
    {
        var time = new FakeTimeProvider();
        await using var world = new SshWorld(options => options with { Time = time });
        var client = world.Client();
        client = client with
        {
            Authentication = client.Authentication with
            {
                PasswordSource = null,
                Ask = (_, _) =>
                {
                    time.Advance(TimeSpan.FromMinutes(2));
                    return new("secret");
                },
            },
        };
        var e = await Assert.ThrowsAnyAsync<SshConnectionException>(() => SshConnection.ConnectAsync(world.Internet, client, Stop));
        Assert.Equal("Received disconnect from ssh.example port 22:11: Timeout before authentication", e.Message);
    }

    /// <summary>A defect in a check is the server's own business, but its client is not left hanging, nor told of it.</summary>
    [Fact]
    public async Task A_check_that_fails_ends_the_connection()
    {
        await using var world = new SshWorld(options => options with
        {
            Authentication = new() { Password = (_, _, _) => throw new InvalidOperationException("a defect") },
        });
        var e = await Assert.ThrowsAnyAsync<SshConnectionException>(() => SshConnection.ConnectAsync(world.Internet, world.Client(), Stop));
        Assert.Equal("Received disconnect from ssh.example port 22:11: internal error", e.Message);
    }

    /// <summary>A client that asks for what there isn't is told so under the keys that were agreed upon.</summary>
    [Fact]
    public async Task A_client_that_breaks_the_protocol_is_told()
    {
        await using var world = new SshWorld();
        var (duplex, _) = await world.Internet.Connect(SshWorld.Port, ConnectOptions.Default).Outcome;
        await using var transport = await Culvert.Ssh.Transport.RekeyingTransport.ConnectAsync(
            duplex!, SshWorld.Port, (_, _) => ValueTask.CompletedTask, new(), Stop);
        await transport.WriteAsync(new Culvert.Ssh.Wire.SshWriter().Byte(5).String("ssh-nothing").ToArray(), Stop);
        await transport.FlushAsync(Stop);
        var e = await Assert.ThrowsAsync<SshConnectionException>(() => transport.ReceiveAsync(Stop).AsTask());
        Assert.Equal(DisconnectReason.ServiceNotAvailable, e.Reason);
    }

    /// <summary>What it writes is read by the peer before the writer hears that it was sent.</summary>
    private sealed class SlowWriter(Duplex inner) : DelegatingDuplex(inner)
    {
        private readonly TaskCompletionSource _proceed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _hold;

        public bool HoldNext() => _hold = true;

        public void Proceed() => _proceed.SetResult();

        public override async ValueTask<WriteEnd> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            var end = await base.WriteAsync(bytes, cancellationToken);
            if (_hold)
            {
                _hold = false;
                await _proceed.Task.WaitAsync(cancellationToken);
            }
            return end;
        }
    }
}
