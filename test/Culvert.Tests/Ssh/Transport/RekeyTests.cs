using System.Buffers.Binary;
using Culvert.Ssh;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh.Transport;

/// <summary>Keys change under load, from both sides at once, and nobody above notices.</summary>
public sealed class RekeyTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("aes128-gcm@openssh.com", 64 * 1024)]
    [InlineData("chacha20-poly1305@openssh.com", 64 * 1024)]
    [InlineData("aes128-ctr", 64 * 1024)]
    [InlineData("aes256-gcm@openssh.com", 700)]
    public async Task Rekeying_every_few_KiB_loses_and_reorders_nothing(string cipher, int capacity)
    {
        const int Packets = 600;
        var options = new TransportOptions { Algorithms = new() { Ciphers = [cipher] }, Rekey = new() { Bytes = 8 * 1024 } };
        await using var pair = await TransportPair.CreateAsync(options, options, Cancelled, capacity);
        await LoadAsync(pair, Packets);
        Assert.True(pair.ClientSide.KeyExchanges > 10, $"{pair.ClientSide.KeyExchanges} exchanges");
    }

    [Fact]
    public async Task Packets_wear_keys_out_too()
    {
        var options = new TransportOptions { Rekey = new() { Packets = 20 } };
        await using var pair = await TransportPair.CreateAsync(options, new(), Cancelled);
        await LoadAsync(pair, 200);
        Assert.True(pair.ServerSide.KeyExchanges >= 4, $"{pair.ServerSide.KeyExchanges} exchanges");
    }

    [Fact]
    public async Task So_does_time_when_it_is_limited()
    {
        var time = new FakeTimeProvider();
        var options = new TransportOptions { Time = time, Rekey = new() { Age = TimeSpan.FromHours(1) } };
        await using var pair = await TransportPair.CreateAsync(options, new(), Cancelled);
        var receiving = Task.WhenAll(DrainAsync(pair.ServerSide), DrainAsync(pair.ClientSide));
        await SendAsync(pair.ClientSide, 1);
        Assert.Equal(1, pair.ClientSide.KeyExchanges);
        time.Advance(TimeSpan.FromHours(1));
        await SendAsync(pair.ClientSide, 2, first: 1);
        Assert.Equal(2, pair.ClientSide.KeyExchanges);
        await pair.DisposeAsync();
        await receiving;
    }

    /// <summary>OpenSSH refuses a KEXINIT before the end of authentication: ours waits for it.</summary>
    [Fact]
    public async Task An_exchange_of_our_own_waits_for_the_end_of_authentication()
    {
        var (near, far) = TestKit.Networks.MemoryDuplex.Pair();
        using var hostKey = Culvert.Ssh.Crypto.Signer.GenerateEd25519();
        var accepting = RekeyingTransport.AcceptAsync(far, [hostKey], new(), Cancelled);
        await using var client = await RekeyingTransport.ConnectAsync(near, TransportPair.Server, TransportPair.Anything, new(), Cancelled);
        await using var server = await accepting;
        var asked = client.RekeyAsync(Cancelled);
        var receiving = Task.WhenAll(DrainAsync(client), DrainAsync(server));
        await client.WriteAsync(new byte[] { MessageNumber.UserAuthRequest }, Cancelled);
        await client.FlushAsync(Cancelled);
        Assert.Equal(1, client.KeyExchanges);
        Assert.False(asked.IsCompleted);
        await server.WriteAsync(new byte[] { MessageNumber.UserAuthSuccess }, Cancelled);
        await server.FlushAsync(Cancelled);
        await asked;
        Assert.Equal(2, client.KeyExchanges);
        await client.DisposeAsync();
        await server.DisposeAsync();
        await receiving;
    }

    /// <summary>Both sides write more than fits before either reads a byte: their exchanges cross, and the receivers don't wait for their writers.</summary>
    [Fact]
    public async Task Blocked_writers_do_not_block_the_receivers()
    {
        var options = new TransportOptions { Rekey = new() { Bytes = 4 * 1024 } };
        await using var pair = await TransportPair.CreateAsync(options, options, Cancelled, capacity: 256);
        var writing = Task.WhenAll(SendAsync(pair.ClientSide, 100), SendAsync(pair.ServerSide, 100));
        Assert.False(writing.IsCompleted);
        await LoadAsync(pair, 100, writing);
    }

    /// <summary>Sends on both sides, checks on both sides what comes, and goes on receiving until all was sent: an exchange needs both receivers.</summary>
    private static async Task LoadAsync(TransportPair pair, int packets, Task? writing = null)
    {
        var (client, server) = (new Receiver(pair.ClientSide, packets), new Receiver(pair.ServerSide, packets));
        writing ??= Task.WhenAll(SendAsync(pair.ClientSide, packets), SendAsync(pair.ServerSide, packets));
        var all = Task.WhenAll(writing, client.GotAll, server.GotAll);
        await await Task.WhenAny(all, client.Running, server.Running);
        await all;
        await pair.DisposeAsync();
        await Task.WhenAll(client.Running, server.Running);
    }

    private static async Task SendAsync(RekeyingTransport transport, int packets, int first = 0)
    {
        for (var i = first; i < first + packets; i++)
        {
            await transport.WriteAsync(Payload(i), Cancelled);
            if (i % 3 == 0)
                await transport.FlushAsync(Cancelled);
        }
        await transport.FlushAsync(Cancelled);
    }

    private static async Task DrainAsync(RekeyingTransport transport) =>
        await Assert.ThrowsAnyAsync<SshConnectionException>(async () =>
        {
            while (true)
                await transport.ReceiveAsync(Cancelled);
        });

    /// <summary>Checks the packets that come, until the connection ends.</summary>
    private sealed class Receiver
    {
        private readonly TaskCompletionSource _gotAll = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Receiver(RekeyingTransport transport, int packets) => Running = RunAsync(transport, packets);

        public Task Running { get; }

        public Task GotAll => _gotAll.Task;

        private async Task RunAsync(RekeyingTransport transport, int packets)
        {
            for (var i = 0; i < packets; i++)
                Assert.Equal(Payload(i), (await transport.ReceiveAsync(Cancelled)).ToArray());
            _gotAll.SetResult();
            await DrainAsync(transport);
        }
    }

    private static byte[] Payload(int number)
    {
        var payload = new byte[5 + number * 37 % 900];
        payload[0] = MessageNumber.ChannelData;
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(1), number);
        for (var i = 5; i < payload.Length; i++)
            payload[i] = (byte)(number + i);
        return payload;
    }
}
