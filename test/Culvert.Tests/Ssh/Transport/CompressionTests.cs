using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Transport;
using Culvert.Ssh.Wire;
using Culvert.TestKit.Networks;
using Xunit;

namespace Culvert.Tests.Ssh.Transport;

/// <summary>zlib@openssh.com: when it begins, that it begins anew with each set of keys, and that it can't be made to unfold without bounds.</summary>
public sealed class CompressionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static readonly TransportOptions Compressing = new() { Algorithms = new() { Compression = AlgorithmPreferences.DelayedCompression } };

    [Fact]
    public void Any_payloads_come_through_one_after_another() =>
        Gen.Byte.Array[1, 3000].Array[1, 30].Sample(payloads =>
        {
            using var compressor = new PayloadCompressor();
            using var decompressor = new PayloadDecompressor();
            foreach (var payload in payloads)
                Assert.Equal(payload, decompressor.Decompress(compressor.Compress(payload)).ToArray());
        }, iter: 200);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_largest_payload_comes_through(bool random)
    {
        using var compressor = new PayloadCompressor();
        using var decompressor = new PayloadDecompressor();
        var payload = random ? RandomNumberGenerator.GetBytes(Limits.MaximumPayload) : new byte[Limits.MaximumPayload];
        for (var i = 0; i < 3; i++)
            Assert.Equal(payload, decompressor.Decompress(compressor.Compress(payload)).ToArray());
    }

    [Theory]
    [InlineData(Limits.MaximumPayload + 1)]
    [InlineData(200 * 1024 * 1024)]
    public void More_than_a_payload_ends_it(int length)
    {
        using var decompressor = new PayloadDecompressor();
        var bomb = Flushed(length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.Throws<SshProtocolException>(() => decompressor.Decompress(bomb));
        Assert.Equal($"a compressed packet unfolds to more than {Limits.MaximumPayload} bytes", e.Message);
        Assert.Equal(DisconnectReason.CompressionError, e.Reason);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * Limits.MaximumPayload);
    }

    [Fact]
    public async Task A_bomb_on_the_wire_ends_the_connection()
    {
        var (near, far) = MemoryDuplex.Pair();
        await using var server = new KeyedTransport(far, new ReceiveBuffer(far), "client");
        await using var client = new KeyedTransport(near, new ReceiveBuffer(near), "server");
        client.Receiving.Change(new PlainCipher(), resetSequence: false, compresses: true);
        client.Receiving.StartCompression();
        await server.WriteAsync(Flushed(50 * 1024 * 1024), Stop);
        await server.FlushAsync(Stop);
        var e = await Assert.ThrowsAsync<SshProtocolException>(() => client.ReceiveAsync(Stop).AsTask());
        Assert.Equal(DisconnectReason.CompressionError, e.Reason);
    }

    [Fact]
    public void Rubbish_is_corrupt_and_nothing_is_no_message()
    {
        using (var decompressor = new PayloadDecompressor())
            Assert.Equal("compressed data is corrupt", Assert.Throws<SshProtocolException>(() => decompressor.Decompress(Encoding.ASCII.GetBytes("hello, who is there"))).Message);
        using (var decompressor = new PayloadDecompressor())
            Assert.Equal("a compressed packet without a message", Assert.Throws<SshProtocolException>(() => decompressor.Decompress(Flushed(0))).Message);
    }

    [Fact]
    public async Task It_begins_after_the_login_and_anew_with_each_set_of_keys()
    {
        await using var pair = await TransportPair.CreateAsync(Compressing, Compressing, Stop);
        Assert.Equal("zlib@openssh.com", pair.ClientSide.Negotiated.ClientToServer.Compression);
        Assert.Equal("zlib@openssh.com", pair.ClientSide.Negotiated.ServerToClient.Compression);
        var text = Encoding.ASCII.GetBytes("e" + string.Concat(Enumerable.Repeat("all work and no play makes Jack a dull boy ", 500)));
        for (var round = 0; round < 4; round++)
        {
            var sent = Counted(pair);
            await CarryAsync(pair.ClientSide, pair.ServerSide, text);
            Assert.InRange(sent(), 1, text.Length / 10);
            await CarryAsync(pair.ServerSide, pair.ClientSide, text);
            // Both must receive while keys change; what each receives is the other's next word.
            var rekeying = pair.ClientSide.RekeyAsync(Stop);
            var there = CarryAsync(pair.ClientSide, pair.ServerSide, text);
            var back = CarryAsync(pair.ServerSide, pair.ClientSide, text);
            await Task.WhenAll(rekeying, there, back);
            Assert.Equal(round + 2, pair.ClientSide.KeyExchanges);
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Without_both_sides_nothing_is_compressed(bool client, bool server)
    {
        await using var pair = await TransportPair.CreateAsync(client ? Compressing : new(), server ? Compressing : new(), Stop);
        Assert.Equal("none", pair.ClientSide.Negotiated.ClientToServer.Compression);
        var sent = Counted(pair);
        await CarryAsync(pair.ClientSide, pair.ServerSide, [94, .. new byte[10_000]]);
        Assert.InRange(sent(), 10_000, 11_000);
    }

    /// <summary>Counts what the client sends from now on.</summary>
    private static Func<int> Counted(TransportPair pair)
    {
        var sent = 0;
        pair.Near.Allow = count =>
        {
            sent += count;
            return count;
        };
        return () => sent;
    }

    private static async Task CarryAsync(RekeyingTransport from, RekeyingTransport to, byte[] payload)
    {
        // Receiving first: it's also what changes keys.
        var receiving = to.ReceiveAsync(Stop);
        await from.WriteAsync(payload, Stop);
        await from.FlushAsync(Stop);
        Assert.Equal(payload, (await receiving).ToArray());
    }

    /// <summary>That many zeros, compressed and flushed as one payload.</summary>
    private static byte[] Flushed(int zeros)
    {
        var compressed = new MemoryStream();
        using var zlib = new ZLibStream(compressed, CompressionLevel.Optimal);
        var piece = new byte[1024 * 1024];
        for (var left = zeros; left > 0; left -= Math.Min(left, piece.Length))
            zlib.Write(piece, 0, Math.Min(left, piece.Length));
        zlib.Flush();
        return compressed.ToArray();
    }
}
