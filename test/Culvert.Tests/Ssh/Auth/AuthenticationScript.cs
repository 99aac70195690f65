using Culvert.Ssh.Auth;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Packets;
using Xunit;

namespace Culvert.Tests.Ssh.Auth;

/// <summary>A client that logs in at a server which the test plays by hand, or at our own server half; notes what was asked and shown.</summary>
internal sealed class AuthenticationScript
{
    public static readonly byte[] SessionId = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly Queue<string?> _answers;

    public AuthenticationScript(params string?[] answers)
    {
        _answers = new(answers);
        Options = new ClientAuthenticationOptions
        {
            User = "user",
            Host = "host",
            Show = Shown.Add,
            Ask = (question, _) =>
            {
                Asked.Add(question.Text);
                return new(_answers.Dequeue());
            },
        };
    }

    public ClientAuthenticationOptions Options { get; set; }

    public Dictionary<string, ReadOnlyMemory<byte>> Extensions { get; } = [];

    public List<string> Asked { get; } = [];

    public List<string> Shown { get; } = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Runs the client against a scripted server; both must end.</summary>
    public async Task RunAsync(Func<Server, Task> serve)
    {
        var (client, server) = MemoryPacketTransport.Pair();
        await using (client)
        await using (server)
        {
            var running = ClientAuthentication.RunAsync(client, SessionId, () => Extensions, Options, Cancelled).AsTask();
            var serving = ServeAsync();
            await running;
            await serving;

            async Task ServeAsync()
            {
                await using (server)
                    await serve(new Server(server));
            }
        }
    }

    /// <summary>Runs the client against our own server half; the user's name as the server knows it.</summary>
    public async Task<string> RunAsync(ServerAuthenticationOptions options)
    {
        var (client, server) = MemoryPacketTransport.Pair();
        await using (client)
        await using (server)
        {
            var running = RunClientAsync();
            var serving = RunServerAsync();
            await running;
            return await serving;

            async Task RunClientAsync()
            {
                await using (client)
                    await ClientAuthentication.RunAsync(client, SessionId, () => Extensions, Options, Cancelled);
            }

            async Task<string> RunServerAsync()
            {
                await using (server)
                    return await ServerAuthentication.RunAsync(server, SessionId, options, Cancelled);
            }
        }
    }

    /// <summary>The server's side, by hand.</summary>
    internal sealed class Server(MemoryPacketTransport transport)
    {
        public async Task SendAsync(SshWriter message)
        {
            await transport.WriteAsync(message.WrittenMemory, Cancelled);
            await transport.FlushAsync(Cancelled);
        }

        public async Task<byte[]> ReceiveAsync() => (await transport.ReceiveAsync(Cancelled)).ToArray();

        /// <summary>Grants the service and refuses "none".</summary>
        public async Task BeginAsync(params string[] methods)
        {
            Assert.Equal(new SshWriter().Byte(5).String("ssh-userauth").ToArray(), await ReceiveAsync());
            await SendAsync(new SshWriter().Byte(6).String("ssh-userauth"));
            await ExpectAsync("none");
            await FailAsync(false, methods);
        }

        /// <summary>The next request, which must be of this method; its own fields.</summary>
        public async Task<byte[]> ExpectAsync(string method)
        {
            var payload = await ReceiveAsync();
            var head = AuthenticationMessages.Request("user", method).ToArray();
            Assert.Equal(Convert.ToHexString(head), Convert.ToHexString(payload[..Math.Min(head.Length, payload.Length)]));
            return payload[head.Length..];
        }

        public async Task ExpectPasswordAsync(string password) =>
            Assert.Equal(new SshWriter().Bool(false).String(password).ToArray(), await ExpectAsync("password"));

        public Task FailAsync(bool partial, params string[] methods) =>
            SendAsync(new SshWriter().Byte(51).NameList(methods).Bool(partial));

        public Task SucceedAsync() => SendAsync(new SshWriter().Byte(52));

        public Task DemandAsync(string name, string instruction, params (string Text, bool Echo)[] prompts)
        {
            var demand = new SshWriter().Byte(60).String(name).String(instruction).String("").UInt32((uint)prompts.Length);
            foreach (var (text, echo) in prompts)
                demand.String(text).Bool(echo);
            return SendAsync(demand);
        }
    }
}
