using System.Net.Sockets;
using Culvert.Ssh;
using Culvert.Ssh.Auth;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Wire;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh;

/// <summary>A server has ConnectTimeout to answer. People have as long as they like, whatever they're asked through.</summary>
public sealed class PatienceTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_limit_a_pause_ends_nothing()
    {
        using var deadline = new Deadline(Timeout.InfiniteTimeSpan, _time, Stop);
        await deadline.PauseAsync(() => Think(true));
        _time.Advance(Long);
        Assert.False(deadline.IsOver);
    }

    [Fact]
    public async Task A_pause_stops_the_clock_and_only_it()
    {
        using var deadline = new Deadline(TimeSpan.FromSeconds(15), _time, Stop);
        _time.Advance(TimeSpan.FromSeconds(10));
        await deadline.PauseAsync(() => Think(true));
        Assert.False(deadline.IsOver);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(deadline.IsOver);
    }

    [Fact]
    public async Task A_program_that_brings_the_password_may_take_long()
    {
        await using var world = new SshWorld();
        await using var ssh = await ConnectAsync(world, who => who with { PasswordSource = _ => Think<string?>("secret") });
        Assert.False(ssh.Closed.IsCompleted);
    }

    [Fact]
    public async Task An_agent_may_ask_its_user_to_unlock_it_and_to_confirm()
    {
        using var folder = new TemporaryFolder();
        using var key = Signer.GenerateEd25519();
        await using var world = new SshWorld(options => options with { Authentication = new() { PublicKey = ServerAuthenticationOptions.OnlyKeys("user", key.PublicKey) } });
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder.File("agent")));
        socket.Listen();
        var serving = ServeAgentAsync(socket, key);
        await using var ssh = await ConnectAsync(world, who => who with { PasswordSource = null, Agent = new Agent(folder.File("agent")) });
        Assert.False(ssh.Closed.IsCompleted);
        await serving;
    }

    private Task<SshConnection> ConnectAsync(SshWorld world, Func<ClientAuthenticationOptions, ClientAuthenticationOptions> change)
    {
        var client = world.Client() with { Time = _time };
        return SshConnection.ConnectAsync(world.Internet, client with { Authentication = change(client.Authentication) }, Stop);
    }

    private ValueTask<T> Think<T>(T answer)
    {
        _time.Advance(Long);
        return new(answer);
    }

    /// <summary>An agent with one key that lets its user think before each answer.</summary>
    private async Task ServeAgentAsync(Socket socket, Signer key)
    {
        await using var stream = new NetworkStream(await socket.AcceptAsync(Stop), ownsSocket: true);
        await ReadRequestAsync(stream);
        await Think(true);
        await AnswerAsync(stream, new SshWriter().Byte(12).UInt32(1).String(key.PublicKey.Blob.Span).String("comment"));
        var request = await ReadRequestAsync(stream);
        await Think(true);
        await AnswerAsync(stream, new SshWriter().Byte(14).String(await key.SignAsync("ssh-ed25519", Data(request), Stop)));

        static byte[] Data(byte[] request)
        {
            var reader = new SshReader(request, "SIGN_REQUEST");
            reader.Byte("type");
            reader.String("key");
            return reader.String("data").ToArray();
        }
    }

    private static async Task<byte[]> ReadRequestAsync(Stream stream)
    {
        var length = new byte[4];
        await stream.ReadExactlyAsync(length, Stop);
        var request = new byte[System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(length)];
        await stream.ReadExactlyAsync(request, Stop);
        return request;
    }

    private static Task AnswerAsync(Stream stream, SshWriter answer) =>
        stream.WriteAsync(new SshWriter().String(answer.WrittenSpan).ToArray(), Stop).AsTask();
}
