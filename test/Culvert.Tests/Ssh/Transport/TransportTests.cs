using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Culvert.Tests.Ssh.Crypto;
using Culvert.Tests.Ssh.Signatures;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culvert.Tests.Ssh.Transport;

public sealed class TransportTests
{
    private static readonly TransportOptions Defaults = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Methods => [.. Algorithms.Of(AlgorithmKind.KeyExchange)];

    public static TheoryData<string> HostKeys => [.. Algorithms.Of(AlgorithmKind.HostKey)];

    [Theory, MemberData(nameof(Methods))]
    public async Task Every_cipher_and_MAC_works_with_every_method(string method)
    {
        // Diffie-Hellman in large groups takes its time, and a protection doesn't know where its keys come from: two will do.
        var isSlow = method.StartsWith("diffie-hellman", StringComparison.Ordinal);
        foreach (var row in PacketCipherTests.Protections.Where((_, index) => !isSlow || index is 0 or 3))
        {
            var (cipher, mac) = row.Data;
            var options = Defaults with { Algorithms = new() { KeyExchange = [method], Ciphers = [cipher], Macs = mac is null ? [] : [mac] } };
            await using var pair = await TransportPair.CreateAsync(options, Defaults, Cancelled);
            Assert.Equal(new(method, "ssh-ed25519", new(cipher, mac), new(cipher, mac)), pair.ClientSide.Negotiated);
            await EchoAsync(pair, new byte[777]);
            var (clientReads, serverReads) = (Drain(pair.ClientSide), Drain(pair.ServerSide));
            await pair.ClientSide.RekeyAsync(Cancelled);
            await pair.ServerSide.RekeyAsync(Cancelled);
            await pair.DisposeAsync();
            await Task.WhenAll(clientReads, serverReads);
            // The second may have joined the first: then its end was what was waited for.
            Assert.InRange(pair.ClientSide.KeyExchanges, 2, 3);
        }
    }

    [Theory, MemberData(nameof(HostKeys))]
    public async Task Every_host_key_proves_itself(string algorithm)
    {
        using var key = SignatureTests.Generate(algorithm switch
        {
            "ssh-ed25519" => "ed25519",
            _ when algorithm.StartsWith("rsa-", StringComparison.Ordinal) => "rsa",
            _ => algorithm["ecdsa-sha2-".Length..],
        });
        var options = Defaults with { Algorithms = new() { HostKey = [algorithm] } };
        await using var pair = await TransportPair.CreateAsync(options, Defaults, Cancelled, hostKey: key);
        Assert.Equal(algorithm, pair.ServerSide.Negotiated.HostKey);
        Assert.Equal(pair.ClientSide.SessionId.ToArray(), pair.ServerSide.SessionId.ToArray());
        Assert.Equal("SSH-2.0-Culvert_0.1", pair.ClientSide.RemoteVersion);
        Assert.True(pair.ClientSide.PeerExtensions.ContainsKey("server-sig-algs"));
    }

    /// <summary>Two-byte pieces break whatever assumes that lines or packets come whole.</summary>
    [Fact]
    public async Task It_works_in_pieces_of_two_bytes()
    {
        await using var pair = await TransportPair.CreateAsync(Defaults, Defaults, Cancelled, capacity: 2);
        var echo = EchoAsync(pair, new byte[500]);
        await echo;
    }

    [Fact]
    public async Task The_policy_sees_the_key_and_its_refusal_ends_the_connection_for_both()
    {
        var (near, far) = MemoryDuplex.Pair();
        using var hostKey = Signer.GenerateEd25519();
        var accepting = RekeyingTransport.AcceptAsync(far, [hostKey], Defaults, Cancelled);
        var connecting = RekeyingTransport.ConnectAsync(near, TransportPair.Server, (offer, _) =>
        {
            Assert.Equal((TransportPair.Server, "ssh-ed25519", hostKey.PublicKey.Fingerprint), (offer.Server, offer.KeyType, offer.Fingerprint));
            throw new SshHostKeyException("/home/me/.ssh/known_hosts: Permission denied");
        }, Defaults, Cancelled);
        await Assert.ThrowsAsync<SshHostKeyException>(() => connecting);
        var seen = await Assert.ThrowsAsync<SshConnectionException>(() => accepting);
        Assert.Equal(DisconnectReason.HostKeyNotVerifiable, seen.Reason);
        // Our files are no business of a server that we don't trust.
        Assert.EndsWith(": Host key verification failed.", seen.Message, StringComparison.Ordinal);
        Assert.True(near.IsClosed && far.IsClosed);
    }

    [Fact]
    public async Task Without_a_common_algorithm_it_says_what_they_offer()
    {
        var (near, far) = MemoryDuplex.Pair();
        using var hostKey = Signer.GenerateEd25519();
        var accepting = RekeyingTransport.AcceptAsync(far, [hostKey], Defaults with { Algorithms = new() { Ciphers = ["aes128-ctr"] } }, Cancelled);
        var connecting = RekeyingTransport.ConnectAsync(near, TransportPair.Server, TransportPair.Anything, Defaults with { Algorithms = new() { Ciphers = ["aes256-ctr"] } }, Cancelled);
        var failure = await Assert.ThrowsAsync<SshConnectionException>(() => connecting);
        Assert.Equal("Unable to negotiate with server port 22: no matching cipher found. Their offer: aes128-ctr", failure.Message);
        await Assert.ThrowsAnyAsync<SshConnectionException>(() => accepting);
    }

    [Fact]
    public async Task A_disconnect_reaches_the_peer_with_its_reason_and_escaped_text()
    {
        await using var pair = await TransportPair.CreateAsync(Defaults, Defaults, Cancelled);
        var receiving = pair.ServerSide.ReceiveAsync(Cancelled).AsTask();
        await pair.ClientSide.DisconnectAsync(DisconnectReason.ByApplication, "bye\u001b[2J", Cancelled);
        var seen = await Assert.ThrowsAsync<SshConnectionException>(() => receiving);
        Assert.Equal(@"Received disconnect from client:11: bye\x1B[2J", seen.Message);
        Assert.Equal(DisconnectReason.ByApplication, seen.Reason);
        Assert.Same(seen, await Assert.ThrowsAsync<SshConnectionException>(() => pair.ServerSide.WriteAsync(new byte[] { 94 }, Cancelled).AsTask()));
        Assert.Same(seen, await Assert.ThrowsAsync<SshConnectionException>(() => pair.ServerSide.ReceiveAsync(Cancelled).AsTask()));
        Assert.Same(seen, await Assert.ThrowsAsync<SshConnectionException>(() => pair.ServerSide.RekeyAsync(Cancelled)));
        var own = await Assert.ThrowsAsync<SshConnectionException>(() => pair.ClientSide.FlushAsync(Cancelled).AsTask());
        Assert.Equal("Disconnected from server port 22: bye\u001b[2J", own.Message);
    }

    [Fact]
    public async Task A_writer_that_is_cut_off_learns_the_reason_that_the_peer_gave()
    {
        await using var pair = await TransportPair.CreateAsync(Defaults, Defaults, Cancelled);
        var receiving = pair.ClientSide.ReceiveAsync(Cancelled).AsTask();
        pair.Near.Allow = _ => 0;
        await pair.ClientSide.WriteAsync(new byte[] { MessageNumber.ChannelData }, Cancelled);
        var writing = pair.ClientSide.FlushAsync(Cancelled).AsTask();
        await pair.ServerSide.DisconnectAsync(DisconnectReason.TooManyConnections, "enough", Cancelled);
        var seen = await Assert.ThrowsAsync<SshConnectionException>(() => writing);
        Assert.Equal("Received disconnect from server port 22:12: enough", seen.Message);
        Assert.Same(seen, await Assert.ThrowsAsync<SshConnectionException>(() => receiving));
    }

    [Fact]
    public async Task So_does_one_that_is_cut_off_while_the_receiver_is_busy()
    {
        await using var pair = await TransportPair.CreateAsync(Defaults, Defaults, Cancelled);
        pair.Near.Allow = _ => 0;
        await pair.ClientSide.WriteAsync(new byte[] { MessageNumber.ChannelData }, Cancelled);
        var writing = pair.ClientSide.FlushAsync(Cancelled).AsTask();
        await pair.ServerSide.DisconnectAsync(DisconnectReason.TooManyConnections, "enough", Cancelled);
        var receiving = pair.ClientSide.ReceiveAsync(Cancelled).AsTask();
        var seen = await Assert.ThrowsAsync<SshConnectionException>(() => writing);
        Assert.Equal("Received disconnect from server port 22:12: enough", seen.Message);
        Assert.Same(seen, await Assert.ThrowsAsync<SshConnectionException>(() => receiving));
    }

    /// <summary>A busy machine may need seconds until it comes to read what lies there already.</summary>
    [Fact]
    public async Task However_late_the_receiver_is()
    {
        var time = new FakeTimeProvider();
        await using var pair = await TransportPair.CreateAsync(Defaults with { Time = time }, Defaults, Cancelled);
        pair.Near.Allow = _ => 0;
        await pair.ClientSide.WriteAsync(new byte[] { MessageNumber.ChannelData }, Cancelled);
        var writing = pair.ClientSide.FlushAsync(Cancelled).AsTask();
        await pair.ServerSide.DisconnectAsync(DisconnectReason.TooManyConnections, "enough", Cancelled);
        time.Advance(TimeSpan.FromSeconds(8));
        var receiving = pair.ClientSide.ReceiveAsync(Cancelled).AsTask();
        var seen = await Assert.ThrowsAsync<SshConnectionException>(() => writing);
        Assert.Equal("Received disconnect from server port 22:12: enough", seen.Message);
        Assert.Same(seen, await Assert.ThrowsAsync<SshConnectionException>(() => receiving));
    }

    [Fact]
    public async Task A_silent_link_holds_no_buffer_of_its_busy_time()
    {
        await using var pair = await TransportPair.CreateAsync(Defaults, Defaults, Cancelled, capacity: 4 * 1024 * 1024);
        var load = new byte[200 * 1024];
        load[0] = MessageNumber.ChannelData;
        var largest = 0;
        for (var i = 0; i < 20; i++)
        {
            for (var j = 0; j < 15; j++)
                await pair.ClientSide.WriteAsync(load, Cancelled);
            largest = Math.Max(largest, pair.ClientSide.HeldBytes);
            await pair.ClientSide.FlushAsync(Cancelled);
            for (var j = 0; j < 15; j++)
                await pair.ServerSide.ReceiveAsync(Cancelled);
            largest = Math.Max(largest, pair.ServerSide.HeldBytes);
        }
        // The control: it was busy enough for the largest buffers.
        Assert.InRange(largest, 1024 * 1024, int.MaxValue);
        var silent = pair.ServerSide.ReceiveAsync(Cancelled);
        Assert.InRange(pair.ServerSide.HeldBytes, 0, 2 * Limits.IdleBuffer);
        Assert.InRange(pair.ClientSide.HeldBytes, 0, 2 * Limits.IdleBuffer);
        // And wakes as if nothing had been.
        await pair.ClientSide.WriteAsync(load, Cancelled);
        await pair.ClientSide.FlushAsync(Cancelled);
        Assert.Equal(load, (await silent).ToArray());
    }

    [Fact]
    public async Task Noise_is_answered_or_ignored_and_never_received()
    {
        await using var pair = await TransportPair.CreateAsync(Defaults, Defaults, Cancelled);
        await pair.ClientSide.WriteAsync(new SshWriter().Byte(MessageNumber.Ignore).String("x").ToArray(), Cancelled);
        await pair.ClientSide.WriteAsync(new SshWriter().Byte(MessageNumber.Debug).Bool(true).String("x").String("").ToArray(), Cancelled);
        await pair.ClientSide.WriteAsync(new SshWriter().Byte(MessageNumber.Unimplemented).UInt32(1).ToArray(), Cancelled);
        await pair.ClientSide.WriteAsync(new byte[] { 19 }, Cancelled);
        await EchoAsync(pair, [1, 2, 3]);
    }

    [Fact]
    public async Task A_cancelled_receive_loses_nothing()
    {
        await using var pair = await TransportPair.CreateAsync(Defaults, Defaults, Cancelled);
        using var giveUp = new CancellationTokenSource();
        var receiving = pair.ServerSide.ReceiveAsync(giveUp.Token).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
        await EchoAsync(pair, [9]);
    }

    [Fact]
    public async Task Provoking_answers_without_reading_them_ends_the_connection()
    {
        await using var pair = await TransportPair.CreateAsync(Defaults, Defaults, Cancelled, capacity: 512);
        var receiving = pair.ServerSide.ReceiveAsync(Cancelled).AsTask();
        var unknown = new byte[] { 19 };
        await Assert.ThrowsAnyAsync<SshConnectionException>(async () =>
        {
            while (true)
            {
                await pair.ClientSide.WriteAsync(unknown, Cancelled);
                await pair.ClientSide.FlushAsync(Cancelled);
            }
        });
        await Assert.ThrowsAsync<SshProtocolException>(() => receiving);
    }

    /// <summary>The network breaks behind the n-th byte, for n from the first line to well behind the first keys: both sides fail, none hangs.</summary>
    [Fact]
    public async Task A_break_at_any_place_fails_both_sides()
    {
        using var hostKey = Signer.GenerateEd25519();
        for (var allowed = 0; allowed < 2200; allowed += 37)
        {
            var left = allowed;
            var (near, far) = MemoryDuplex.Pair();
            near.Allow = count =>
            {
                var passed = Math.Min(count, left);
                left -= passed;
                return passed;
            };
            var accepting = RekeyingTransport.AcceptAsync(far, [hostKey], Defaults, Cancelled);
            var connecting = RekeyingTransport.ConnectAsync(near, TransportPair.Server, TransportPair.Anything, Defaults, Cancelled);
            await Assert.ThrowsAnyAsync<SshConnectionException>(() => UseAsync(connecting));
            await Assert.ThrowsAnyAsync<SshConnectionException>(() => UseAsync(accepting));
        }

        static async Task UseAsync(Task<RekeyingTransport> starting)
        {
            await using var transport = await starting;
            while (true)
            {
                await transport.WriteAsync(new byte[100].Prepend((byte)94).ToArray(), Cancelled);
                await transport.FlushAsync(Cancelled);
            }
        }
    }

    private static async Task EchoAsync(TransportPair pair, byte[] content)
    {
        var payload = new byte[content.Length + 4];
        payload[0] = MessageNumber.ChannelData;
        content.CopyTo(payload, 4);
        var serverReceives = pair.ServerSide.ReceiveAsync(Cancelled).AsTask();
        await pair.ClientSide.WriteAsync(payload, Cancelled);
        await pair.ClientSide.FlushAsync(Cancelled);
        var there = (await serverReceives).ToArray();
        Assert.Equal(payload, there);
        var clientReceives = pair.ClientSide.ReceiveAsync(Cancelled).AsTask();
        await pair.ServerSide.WriteAsync(there, Cancelled);
        await pair.ServerSide.FlushAsync(Cancelled);
        Assert.Equal(payload, (await clientReceives).ToArray());
    }

    /// <summary>Receives until the connection ends.</summary>
    private static async Task Drain(RekeyingTransport transport) =>
        await Assert.ThrowsAnyAsync<SshConnectionException>(async () =>
        {
            while (true)
                await transport.ReceiveAsync(Cancelled);
        });
}
