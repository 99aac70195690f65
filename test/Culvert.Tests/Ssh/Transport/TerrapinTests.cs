using System.Buffers.Binary;
using Culvert.Net;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Culvert.Tests.Ssh.Crypto;
using Xunit;

namespace Culvert.Tests.Ssh.Transport;

/// <summary>The prefix truncation attack (CVE-2023-48795): somebody in between inserts a packet before there are keys, and removes the first one after;
/// sequence numbers match again and nobody notices.</summary>
public sealed class TerrapinTests
{
    private const string Cipher = "chacha20-poly1305@openssh.com";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Strict_key_exchange_sees_it()
    {
        var failure = await Assert.ThrowsAsync<SshProtocolException>(() => AttackAsync(strict: true));
        Assert.Equal("strict KEX violation: KEXINIT was not the first packet", failure.Message);
    }

    /// <summary>The control: without it the server's EXT_INFO vanishes, and the connection works.</summary>
    [Fact]
    public async Task Without_it_the_attack_succeeds() => Assert.Empty(await AttackAsync(strict: false));

    /// <summary>Returns the extensions that the client got, after a payload has come through.</summary>
    private static async Task<IEnumerable<string>> AttackAsync(bool strict)
    {
        var options = new TransportOptions { StrictKeyExchange = strict, Algorithms = new() { Ciphers = [Cipher] } };
        var (client, clientSide) = MemoryDuplex.Pair();
        var (serverSide, server) = MemoryDuplex.Pair();
        using var hostKey = Signer.GenerateEd25519();
        var accepting = UseServerAsync(server, hostKey, options);
        var up = CopyAsync(clientSide, serverSide);
        var down = InterfereAsync(serverSide, clientSide);
        try
        {
            await using var transport = await RekeyingTransport.ConnectAsync(client, TransportPair.Server, TransportPair.Anything, options, Cancelled);
            Assert.Equal("hello"u8.ToArray(), (await transport.ReceiveAsync(Cancelled)).Slice(1).ToArray());
            return [.. transport.PeerExtensions.Keys];
        }
        finally
        {
            await client.DisposeAsync();
            await Task.WhenAll(up, down);
            await accepting;
        }
    }

    private static async Task UseServerAsync(MemoryDuplex duplex, Signer hostKey, TransportOptions options)
    {
        try
        {
            await using var transport = await RekeyingTransport.AcceptAsync(duplex, [hostKey], options, Cancelled);
            await transport.WriteAsync((byte[])[MessageNumber.ChannelData, .. "hello"u8], Cancelled);
            await transport.FlushAsync(Cancelled);
            while (true)
                await transport.ReceiveAsync(Cancelled);
        }
        catch (SshConnectionException)
        {
            // How it ends is the client's matter here.
        }
    }

    private static async Task InterfereAsync(Duplex from, Duplex to)
    {
        var line = new List<byte>();
        do
            line.AddRange(await TakeAsync(from, 1) ?? [(byte)'\n']);
        while (line[^1] != '\n');
        await to.WriteAsync(line.ToArray(), Cancelled);
        await to.WriteAsync(Convert.FromHexString("0000000c060200000000000000000000"), Cancelled);

        byte number;
        do
        {
            if (await TakeAsync(from, 4) is not { } head || await TakeAsync(from, BinaryPrimitives.ReadInt32BigEndian(head)) is not { } rest)
                break;
            number = rest[1];
            if (await to.WriteAsync((byte[])[.. head, .. rest], Cancelled) != WriteEnd.None)
                break;
        }
        while (number != MessageNumber.NewKeys);

        using var cipher = PacketCipherTests.Create(Cipher, null);
        var extensions = TransportMessages.ExtInfo([("server-sig-algs", string.Join(',', Algorithms.Signatures))]);
        await TakeAsync(from, 4 + KeyedTransport.PaddedLength(extensions.Length, cipher) + cipher.TagLength);
        await CopyAsync(from, to);
    }

    /// <summary>Exactly so many bytes; null at the end.</summary>
    private static async Task<byte[]?> TakeAsync(Duplex from, int count)
    {
        var bytes = new byte[count];
        var taken = 0;
        while (taken < count && await from.ReadAsync(bytes.AsMemory(taken), Cancelled) is { End: ReadEnd.None } read)
            taken += read.Bytes.Length;
        return taken == count ? bytes : null;
    }

    private static async Task CopyAsync(Duplex from, Duplex to)
    {
        var buffer = new byte[4096];
        while (await from.ReadAsync(buffer, Cancelled) is { End: ReadEnd.None } read && await to.WriteAsync(read.Bytes, Cancelled) == WriteEnd.None)
        {
        }
        to.Abort();
    }
}
