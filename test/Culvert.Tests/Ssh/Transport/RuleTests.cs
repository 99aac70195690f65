using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Xunit;

namespace Culvert.Tests.Ssh.Transport;

/// <summary>What a peer may not do, and what ends the connection when it does.</summary>
public sealed class RuleTests
{
    private const string StrictServer = "kex-strict-s-v00@openssh.com";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("00040004 04", "Bad packet length 262148.")]
    [InlineData("ffffffff 04", "Bad packet length 4294967295.")]
    [InlineData("00000000 04", "Bad packet length 0.")]
    [InlineData("00000005 04", "Bad packet length 5.")]
    [InlineData("0000000d 04", "Bad packet length 13.")]
    [InlineData("0000000c 03 02 00000000 00 0000000000", "Corrupted padlen 3 on input.")]
    [InlineData("0000000c 0b 02 00000000 00 0000000000", "Corrupted padlen 11 on input.")]
    [InlineData("0000000c ff 02 00000000 00 0000000000", "Corrupted padlen 255 on input.")]
    public async Task Malformed_packets_end_the_connection(string hex, string expected)
    {
        using var hostKey = Signer.GenerateEd25519();
        var (raw, client) = await RawPeer.StartAsync(asServer: true, hostKey, Cancelled);
        await using (raw)
        {
            await raw.SendRawAsync(hex, Cancelled);
            Assert.Equal(expected, (await GoneAsync(raw, client)).Message);
        }
    }

    [Fact]
    public async Task Strict_key_exchange_wants_KEXINIT_first()
    {
        var failure = await ServerSaysAsync(new SshWriter().Byte(MessageNumber.Ignore).String("").ToArray(), RawPeer.KexInit(AlgorithmPreferences.Default, false, StrictServer));
        Assert.Equal("strict KEX violation: KEXINIT was not the first packet", failure.Message);
    }

    [Theory]
    [InlineData(MessageNumber.Ignore)]
    [InlineData(MessageNumber.Debug)]
    [InlineData(MessageNumber.Unimplemented)]
    [InlineData(MessageNumber.ExtInfo)]
    [InlineData(25)]
    public async Task Strict_key_exchange_wants_nothing_in_between(byte noise)
    {
        var failure = await ServerSaysAsync(RawPeer.KexInit(AlgorithmPreferences.Default, false, StrictServer), [noise, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal($"strict KEX violation: unexpected packet type {noise}", failure.Message);
    }

    [Fact]
    public async Task Without_it_noise_is_allowed_and_services_are_not()
    {
        var failure = await ServerSaysAsync(new SshWriter().Byte(MessageNumber.Ignore).String("").ToArray(),
            RawPeer.KexInit(AlgorithmPreferences.Default), new SshWriter().Byte(MessageNumber.Ignore).String("").ToArray(), [MessageNumber.ServiceAccept]);
        Assert.Equal("message 6 within a key exchange", failure.Message);
        Assert.Equal("message 94 before keys were exchanged", (await ServerSaysAsync([[MessageNumber.ChannelData]])).Message);
    }

    [Theory]
    [InlineData(MessageNumber.NewKeys, "NEWKEYS out of place")]
    [InlineData(MessageNumber.KexEcdhReply, "message 31 outside a key exchange")]
    public async Task Messages_of_an_exchange_have_their_place(byte number, string expected)
    {
        Assert.Equal(expected, (await ServerSaysAsync([[number]])).Message);
        await using var pair = await TransportPair.CreateAsync(new(), new(), Cancelled);
        await SendAsync(pair.ClientSide, [number]);
        Assert.Equal(expected, (await Assert.ThrowsAsync<SshProtocolException>(() => pair.ServerSide.ReceiveAsync(Cancelled).AsTask())).Message);
    }

    [Fact]
    public async Task After_its_KEXINIT_a_peer_may_send_nothing_else()
    {
        await using var pair = await TransportPair.CreateAsync(new(), new(), Cancelled);
        await SendAsync(pair.ClientSide, RawPeer.KexInit(AlgorithmPreferences.Default), [MessageNumber.ChannelData]);
        Assert.Equal("message 94 within a key exchange", (await Assert.ThrowsAsync<SshProtocolException>(() => pair.ServerSide.ReceiveAsync(Cancelled).AsTask())).Message);
    }

    [Fact]
    public async Task Another_host_key_when_keys_are_changed_ends_the_connection()
    {
        using var first = Signer.GenerateEd25519();
        using var second = Signer.GenerateEd25519();
        List<Signer> hostKeys = [first];
        var (near, far) = TestKit.Networks.MemoryDuplex.Pair();
        var accepting = RekeyingTransport.AcceptAsync(far, hostKeys, new(), Cancelled);
        await using var client = await RekeyingTransport.ConnectAsync(near, TransportPair.Server, TransportPair.Anything, new(), Cancelled);
        await using var server = await accepting;
        await SendAsync(server, [MessageNumber.UserAuthSuccess]);
        await client.ReceiveAsync(Cancelled);
        hostKeys[0] = second;
        var serverReads = server.ReceiveAsync(Cancelled).AsTask();
        var clientReads = client.ReceiveAsync(Cancelled).AsTask();
        var rekeying = client.RekeyAsync(Cancelled);
        var failure = await Assert.ThrowsAsync<SshHostKeyException>(() => rekeying);
        Assert.Same(failure, await Assert.ThrowsAsync<SshHostKeyException>(() => clientReads));
        await Assert.ThrowsAnyAsync<SshConnectionException>(() => serverReads);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_guessed_packet_is_used_when_right_and_ignored_when_wrong(bool right)
    {
        using var hostKey = Signer.GenerateEd25519();
        var (raw, server) = await RawPeer.StartAsync(asServer: false, hostKey, Cancelled);
        await using (raw)
        {
            var method = right ? Algorithms.Of(AlgorithmKind.KeyExchange)[0] : "ecdh-sha2-nistp256";
            await raw.SendAsync(RawPeer.KexInit(new() { KeyExchange = [method], HostKey = ["ssh-ed25519"] }, guessFollows: true), Cancelled);
            if (!right)
                await raw.SendAsync([MessageNumber.KexEcdhInit, 1, 2, 3], Cancelled);
            using var exchange = KeyExchange.Create(method);
            await raw.SendAsync(new SshWriter().Byte(MessageNumber.KexEcdhInit).String(exchange.Begin()).ToArray(), Cancelled);
            Assert.Equal(MessageNumber.KexInit, (await raw.ReceiveAsync(Cancelled))[0]);
            Assert.Equal(MessageNumber.KexEcdhReply, (await raw.ReceiveAsync(Cancelled))[0]);
            Assert.Equal(MessageNumber.NewKeys, (await raw.ReceiveAsync(Cancelled))[0]);
        }
        await Assert.ThrowsAnyAsync<SshConnectionException>(() => server);
    }

    private static async Task<SshConnectionException> ServerSaysAsync(params byte[][] payloads)
    {
        using var hostKey = Signer.GenerateEd25519();
        var (raw, client) = await RawPeer.StartAsync(asServer: true, hostKey, Cancelled);
        await using (raw)
        {
            foreach (var payload in payloads)
                await raw.SendAsync(payload, Cancelled);
            return await GoneAsync(raw, client);
        }
    }

    /// <summary>How the other side ended, after it said goodbye with the same words.</summary>
    private static async Task<SshConnectionException> GoneAsync(RawPeer raw, Task<RekeyingTransport> other)
    {
        byte[] last;
        do
            last = await raw.ReceiveAsync(Cancelled);
        while (last[0] != MessageNumber.Disconnect);
        await raw.DisposeAsync();
        var failure = await Assert.ThrowsAnyAsync<SshConnectionException>(() => other);
        Assert.Equal((failure.Reason, failure.Message), TransportMessages.ParseDisconnect(last));
        return failure;
    }

    private static async Task SendAsync(RekeyingTransport transport, params byte[][] payloads)
    {
        foreach (var payload in payloads)
            await transport.WriteAsync(payload, Cancelled);
        await transport.FlushAsync(Cancelled);
    }
}
