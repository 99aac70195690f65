using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Tests.Ssh.Keys;

public sealed class AgentTests : IDisposable
{
    private static readonly byte[] Message = Encoding.UTF8.GetBytes("message");
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_real_agent_lists_its_keys_and_signs_with_each()
    {
        await using var agent = await RealAgent.StartAsync(_folder, Cancelled);
        string[] names = ["ed25519", "ecdsa256", "ecdsa521", "rsa2048"];
        foreach (var name in names)
            await agent.AddAsync(KeyFixture.Place(_folder.Path, name), Cancelled);

        await using var client = await new Agent(agent.Socket).ConnectAsync(Cancelled);
        var keys = await client.ListAsync(Cancelled);
        Assert.Equal(names.Select(n => KeyFixture.PublicOf(n).Fingerprint), keys.Select(k => k.PublicKey.Fingerprint));
        foreach (var key in keys)
        {
            foreach (var algorithm in key.PublicKey.SignatureAlgorithms)
            {
                var signature = await key.SignAsync(algorithm, Message, Cancelled);
                Assert.True(key.PublicKey.Verify(algorithm, Message, signature));
            }
        }

        // A key that it does not hold.
        var foreign = KeyFixture.PublicOf("ecdsa384");
        var e = await Assert.ThrowsAsync<AgentException>(async () => await client.SignAsync(foreign, foreign.Type, Message, Cancelled));
        Assert.Equal("agent refused operation", e.Message);
        Assert.Equal(4, (await client.ListAsync(Cancelled)).Count);
    }

    [Fact]
    public async Task No_agent_is_an_error_that_names_the_place()
    {
        var e = await Assert.ThrowsAsync<AgentException>(async () => await new Agent(_folder.File("none")).ConnectAsync(Cancelled));
        Assert.Contains(_folder.File("none"), e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<AgentException>(async () => await new Agent(new string('x', 500)).ConnectAsync(Cancelled));
    }

    public static TheoryData<string, string> Nonsense => new()
    {
        { "00000000", "0 bytes" },
        { "7fffffff0c", "2147483647 bytes" },
        { "000000010e", "answered 14 instead of 12" },
        { "0000000105", "refused" },
        { "000000050c7fffffff", "claims 2147483647 keys" },
        { "000000050c00000001", "ends within" },
        { "000000090c00000001000000ff", "claims 255 bytes" },
        { "000000060c0000000000", "after its end" },
        { "0000000a0c", "end of the stream" },
    };

    [Theory, MemberData(nameof(Nonsense))]
    public async Task Nonsense_from_an_agent_is_refused(string reply, string reason)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(_folder.File("s")));
        listener.Listen();
        var serve = ServeAsync();
        await using var client = await new Agent(_folder.File("s")).ConnectAsync(Cancelled);
        var e = await Assert.ThrowsAsync<AgentException>(async () => await client.ListAsync(Cancelled));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        await serve;

        async Task ServeAsync()
        {
            using var socket = await listener.AcceptAsync(Cancelled);
            await socket.ReceiveAsync(new byte[5], Cancelled);
            await socket.SendAsync(Convert.FromHexString(reply), Cancelled);
        }
    }

    [Fact]
    public async Task A_signature_that_does_not_verify_never_leaves()
    {
        var key = KeyFixture.PublicOf("rsa2048");
        // An agent of old that ignores the flags and answers with a SHA-1 signature.
        var answer = new SshWriter().Byte(14).String(SignatureBlob.Write("ssh-rsa", new byte[256]));
        await using var client = new AgentClient(new Scripted(new SshWriter().String(answer.WrittenSpan).ToArray()));
        var signer = new AgentSigner(client, key);
        var e = await Assert.ThrowsAsync<AgentException>(async () => await signer.SignAsync("rsa-sha2-512", Message, Cancelled));
        Assert.Contains("not a valid rsa-sha2-512", e.Message, StringComparison.Ordinal);
    }

    private sealed class Scripted(byte[] reply) : MemoryStream(reply)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
    }
}

/// <summary>An <c>ssh-agent</c> of this test's own, on its own socket; ends with the test.</summary>
internal sealed class RealAgent : IAsyncDisposable
{
    private readonly Process _process;

    private RealAgent(Process process, string socket) => (_process, Socket) = (process, socket);

    public string Socket { get; }

    public static async Task<RealAgent> StartAsync(TemporaryFolder folder, CancellationToken cancellationToken)
    {
        var socket = folder.File("agent");
        try
        {
            var process = Process.Start(new ProcessStartInfo("ssh-agent") { ArgumentList = { "-D", "-a", socket }, RedirectStandardOutput = true })!;
            var agent = new RealAgent(process, socket);
            // It prints its socket once it listens.
            if (await process.StandardOutput.ReadLineAsync(cancellationToken) is null)
            {
                await agent.DisposeAsync();
                Assert.Skip("ssh-agent did not start");
            }
            return agent;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("ssh-agent is not installed");
            throw;
        }
    }

    public async Task AddAsync(string path, CancellationToken cancellationToken)
    {
        using var add = Process.Start(new ProcessStartInfo("ssh-add")
        {
            ArgumentList = { "-q", path },
            Environment = { ["SSH_AUTH_SOCK"] = Socket },
            RedirectStandardError = true,
        })!;
        await add.WaitForExitAsync(cancellationToken);
        Assert.Equal(0, add.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
