using System.Security.Cryptography;
using Culvert.Interop.Servers;
using Culvert.Net;
using Culvert.Net.Tcp;
using Culvert.Ssh;
using Culvert.Ssh.Crypto;
using Culvert.Ssh.Keys;
using Xunit;
using SshServer = Culvert.Interop.Servers.SshServer;
using SshServerOptions = Culvert.Interop.Servers.SshServerOptions;

namespace Culvert.Interop.Transport;

/// <summary>zlib@openssh.com with foreign servers, both ways at once, while keys change again and again.</summary>
public sealed class CompressionTests
{
    private const int Length = 8 * 1024 * 1024;

    [Theory]
    [InlineData(SshServer.OpenSsh, true)]
    [InlineData(SshServer.OpenSsh, false)]
    [InlineData(SshServer.Dropbear, true)]
    [InlineData(SshServer.Dropbear, false)]
    public async Task All_bytes_come_through(string name, bool compressible)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await SshServer.StartAsync(name, cancellation, new SshServerOptions { Configuration = ["RekeyLimit 1M", "Compression yes"] });
        using var user = await KeyFile.LoadAsync(server.Keys.PrivateKey(TestKeys.Client), null, cancellation);
        await using var connection = await SshConnection.ConnectAsync(new TcpNetwork(TimeProvider.System), new SshClientOptions
        {
            Server = new(server.Address, server.Port),
            HostKeyPolicy = (_, _) => ValueTask.CompletedTask,
            Authentication = new() { User = server.User, Host = server.Address, Signers = [user] },
            Algorithms = new() { Compression = AlgorithmPreferences.DelayedCompression },
            Rekey = new() { Bytes = 500_000 },
        }, cancellation);
        Assert.Equal("zlib@openssh.com", connection.Algorithms.ClientToServer.Compression);
        Assert.Equal("zlib@openssh.com", connection.Algorithms.ServerToClient.Compression);

        await using var session = await connection.OpenSessionAsync(Priority.Bulk, cancellation);
        Assert.True(await session.StartCommandAsync("exec cat", cancellation));
        var sent = compressible ? Text() : RandomNumberGenerator.GetBytes(Length);
        var sending = SendAsync(session.Streams, sent, cancellation);
        var received = await ReceiveAsync(session.Streams, cancellation);
        await sending;
        Assert.True(sent.AsSpan().SequenceEqual(received), $"{received.Length} of {sent.Length} bytes, or others");
        Assert.Equal(0, (await session.Ended).Status);
        // Little travels when it's compressed well; what travels changes keys.
        Assert.True(connection.KeyExchanges > (compressible ? 2 : 10), $"{connection.KeyExchanges} exchanges");
    }

    /// <summary>Words in a random order: what compresses by about two thirds.</summary>
    private static byte[] Text()
    {
        string[] words = ["control ", "connection ", "data ", "passive ", "active ", "port ", "tunnel ", "reply\r\n", "RETR ", "STOR ", "226 ", "550 "];
        var bytes = new List<byte>(Length + 32);
        while (bytes.Count < Length)
            bytes.AddRange(words[RandomNumberGenerator.GetInt32(words.Length)].Select(c => (byte)c));
        return [.. bytes.Take(Length)];
    }

    private static async Task SendAsync(Duplex duplex, byte[] bytes, CancellationToken cancellation)
    {
        Assert.Equal(WriteEnd.None, await duplex.WriteAsync(bytes, cancellation));
        Assert.Equal(WriteEnd.None, await duplex.EndAsync(cancellation));
    }

    private static async Task<byte[]> ReceiveAsync(Duplex duplex, CancellationToken cancellation)
    {
        var all = new byte[Length + 1];
        var count = 0;
        while (await duplex.ReadAsync(all.AsMemory(count), cancellation) is { End: ReadEnd.None } read)
            count += read.Bytes.Length;
        return all[..count];
    }
}
